import { describe, expect, it } from "vitest";
import { readMatchCandidates } from "../../src/project-matching/project-candidates.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { delivery, deliveryStates, projectOf } from "../support/emails.ts";
import { organization } from "../support/factories.ts";
import { askForRun } from "../support/jobs.ts";
import { projectFor, skilled, storedMatches } from "../support/matching.ts";
import { decisions } from "../support/notified.ts";
import { grant, hostEvent, user } from "../support/platform.ts";
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

  it("is no candidate: at once in what is shown, and in lists with their next computation", async () => {
    const world = await createWorld({ at: "2026-03-02T10:00:00Z" });
    const organizationId = await organization(world);
    const stays = await skilled(world, { cooking: 1 }, { organizationId });
    const gone = await skilled(world, { cooking: 0.9 }, { organizationId });
    const projectId = await projectFor(world, ["cooking"], { organizationId });
    const run = async () => {
      await askForRun(world, calculateMatches, {});
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
