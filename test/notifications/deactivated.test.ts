import { describe, expect, it } from "vitest";
import { readMatchCandidates } from "../../src/project-matching/project-candidates.ts";
import type { Job } from "../../src/queues/job.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { meetingReminders } from "../../src/workers/notifications/nudges/meeting-reminders.ts";
import { unreadThreadNudges } from "../../src/workers/notifications/nudges/unread-thread-nudges.ts";
import { delivery, deliveryStates, projectOf } from "../support/emails.ts";
import { organization } from "../support/factories.ts";
import { enqueueRunIn, performRanged } from "../support/jobs.ts";
import { projectFor, skilled, storedMatches } from "../support/matching.ts";
import { decisions } from "../support/notified.ts";
import { grant, hostEvent, meeting, message, thread, user, users } from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";

const deactivate = (world: World, userId: string) =>
  world.query("update users set deactivated_at = now() where id = $1", [userId]);

describe("faults 22: a deactivated user", () => {
  it("is notified of nothing", async () => {
    const world = await createWorld();
    const { ownerId, projectId, resourceId } = await projectOf(world);
    const [active, gone] = [await user(world), await user(world)];
    for (const one of [active, gone]) await grant(world, projectId, one);
    await deactivate(world, gone);
    await hostEvent(world, "document_uploaded", { actorId: ownerId, projectId, resourceId });
    await hostEvent(world, "calendar.action_required", {
      payload: { user_id: gone, connection_id: "1", provider: "google" },
    });
    await world.drain();
    expect(new Set((await decisions(world)).map(({ user_id }) => user_id))).toEqual(new Set([active]));
  });

  it("gets no e-mail that waited, not even must-send", async () => {
    const world = await createWorld({ at: "2026-03-02T18:00:00Z" });
    const gone = await user(world, { email: "gone@people.test" });
    await delivery(world, { userId: gone });
    await delivery(world, {
      userId: gone,
      eventType: "calendar.action_required",
      payload: { user_id: gone, connection_id: "1", provider: "google" },
    });
    await deactivate(world, gone);
    await world.perform(emailInstant, {});
    await world.drain();
    expect(world.mailbox).toEqual([]);
    expect(await deliveryStates(world)).toEqual(["none: no-address", "none: no-address"]);
  });

  it("is nudged about nothing and reminded of nothing", async () => {
    const world = await createWorld({ at: "2026-03-02T18:00:00Z" });
    const [writer, active, gone] = (await users(world, 3)) as [string, string, string];
    const threadId = await thread(world, { participants: [writer, active, gone] });
    await world.query("update chat_thread_participants set joined_at = '2026-03-01T00:00:00Z'");
    await message(world, { threadId, senderId: writer, createdAt: "2026-03-02T12:00:00Z" });
    await meeting(world, {
      organizerId: writer,
      startTime: "2026-03-02T18:20:00Z",
      participants: [active, gone],
    });
    await world.query("update meeting_participants set invited_at = '2026-03-01T00:00:00Z'");
    await deactivate(world, gone);
    for (const job of [unreadThreadNudges, meetingReminders] as Job[]) await performRanged(world, job, {});
    await world.drain();
    const told = (await decisions(world)).map(({ user_id, channel }) => `${user_id} ${channel}`);
    expect(told.sort()).toEqual([`${active} email`, `${active} in_app`]);
  });

  it("is no candidate: at once in what is shown, and in lists with their next computation", async () => {
    const world = await createWorld({ at: "2026-03-02T10:00:00Z" });
    const organizationId = await organization(world);
    const stays = await skilled(world, { cooking: 1 }, { organizationId });
    const gone = await skilled(world, { cooking: 0.9 }, { organizationId });
    const projectId = await projectFor(world, ["cooking"], { organizationId });
    const run = async () => {
      await enqueueRunIn(world, calculateMatches, {});
      await world.drain();
      return (await storedMatches(world)).map(({ volunteer }) => volunteer);
    };
    const shown = async () =>
      (await readMatchCandidates(world.db.drizzle, projectId, { limit: 10, minimumScore: 0 })).map(
        ({ userId }) => userId,
      );
    expect(await run()).toEqual([stays, gone]);
    await deactivate(world, gone);
    expect(await shown()).toEqual([stays]);
    expect(await run()).toEqual([stays]);
    await world.query("update users set deactivated_at = null");
    expect(await run()).toEqual([stays, gone]);
  });
});
