import { expect, it } from "vitest";
import type { Job } from "../../src/queues/job.ts";
import { emailDaily } from "../../src/workers/notifications/email/email-daily.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { emailWeekly } from "../../src/workers/notifications/email/email-weekly.ts";
import { meetingReminders } from "../../src/workers/notifications/nudges/meeting-reminders.ts";
import { resumeIncompleteNudges } from "../../src/workers/notifications/nudges/resume-incomplete-nudges.ts";
import { unreadThreadNudges } from "../../src/workers/notifications/nudges/unread-thread-nudges.ts";
import { projectOf } from "../support/emails.ts";
import { performRanged } from "../support/jobs.ts";
import { INSTANTS, oddPeople } from "../support/odd-people.ts";
import * as platform from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";

const DAY = "2026-03-02";

/** An afternoon of a project. @returns what Ada, about whom nothing is odd, was told. */
async function afternoon(isOdd: boolean) {
  const world = await createWorld({ at: `${DAY}T14:05:00Z` });
  const { ownerId, projectId, resourceId } = await projectOf(world);
  const ada = await platform.user(world, { name: "Ada", email: "ada@people.test", timeZone: "UTC" });
  const odd = isOdd ? await oddPeople(world) : [];
  const people = [ada, ...odd];
  for (const userId of people) await platform.grant(world, projectId, userId);
  const threadId = await platform.thread(world, { participants: [ownerId, ...people] });
  const meetingId = await platform.meeting(world, {
    organizerId: ownerId,
    startTime: `${DAY}T14:20:00Z`,
    participants: people,
  });
  await world.query("update chat_thread_participants set joined_at = '2026-01-01T00:00:00Z'");
  await world.query("update meeting_participants set invited_at = '2026-01-01T00:00:00Z'");
  if (isOdd) await makeOdd(world, { odd, ownerId, threadId });
  const messageId = await platform.message(world, {
    threadId,
    senderId: ownerId,
    createdAt: `${DAY}T14:00:00Z`,
  });
  const about = { actorId: ownerId, projectId, resourceId };
  await platform.hostEvent(world, "document_uploaded", about);
  const chat = { actorId: ownerId, threadId, payload: { message_id: messageId } };
  await platform.hostEvent(world, "chat_message_sent", chat);
  await platform.hostEvent(world, "meeting_updated", { actorId: ownerId, meetingId });
  await world.drain();
  await performRanged(world, meetingReminders as Job, {});
  await world.drain();
  world.at(`${DAY}T17:10:00Z`);
  for (const job of [unreadThreadNudges, resumeIncompleteNudges] as Job[])
    await performRanged(world, job, {});
  await world.drain();
  world.at(`${DAY}T18:05:00Z`);
  for (const job of [emailInstant, emailDigest, emailDaily, emailWeekly]) await world.perform(job, {});
  await world.drain();
  const told = await world.query(
    `select event_type, channel, decision, cadence, reason, status from deliveries where user_id = $1 order by event_type, channel`,
    [ada],
  );
  const mailed = world.mailbox.filter(({ to }) => to === "ada@people.test").map(({ subject }) => subject);
  return { world, told, mailed };
}

/** Rows about the odd people, and projects, threads, meetings and messages of theirs. */
async function makeOdd(
  world: World,
  { odd, ownerId, threadId }: { odd: readonly string[]; ownerId: string; threadId: string },
): Promise<void> {
  for (const [index, userId] of odd.entries()) {
    const at = INSTANTS[index % INSTANTS.length] as string;
    const next = INSTANTS[(index + 1) % INSTANTS.length] as string;
    await world.query(
      "update chat_thread_participants set joined_at = $3, last_read_at = $4 where thread_id = $1 and user_id = $2",
      [threadId, userId, at, index % 2 ? next : null],
    );
    await world.query("update meeting_participants set invited_at = $2 where user_id = $1", [userId, at]);
    await world.query(
      `insert into projects (organization_id, created_by, name, created_at) select min(id), $1, $2, $3 from organizations`,
      [ownerId, `\u202e**${"p".repeat(5_000)}\r\n`, at],
    );
    const own = await platform.thread(world, { participants: odd, topic: "a\r\nb" });
    const [sender] = odd as [string];
    await platform.message(world, { threadId: own, senderId: sender, createdAt: at, body: "@[](user:0)" });
    const meetingId = await platform.meeting(world, {
      organizerId: userId,
      startTime: `${DAY}T15:00:00Z`,
      participants: odd,
    });
    await world.query(
      "update meetings set start_time = $2, end_time = 'infinity', title = '' where id = $1",
      [meetingId, at],
    );
    await platform.hostEvent(world, "meeting_updated", { actorId: userId, meetingId });
  }
  await world.query(
    "insert into domain_events (event_type, actor_id, payload, occurred_at) select 'document_uploaded', $1, '{}', unnest($2::timestamptz[])",
    [ownerId, INSTANTS],
  );
}

it("issue 14: one person's bad data changes nothing for anyone else", async () => {
  const usual = await afternoon(false);
  expect(usual.told.length).toBeGreaterThan(4);
  expect(usual.mailed).toHaveLength(1);
  const odd = await afternoon(true);
  expect({ told: odd.told, mailed: odd.mailed }).toEqual({ told: usual.told, mailed: usual.mailed });
  expect(await odd.world.enqueued()).toEqual([]);
  for (const { to, subject } of odd.world.mailbox) {
    expect(to).toMatch(/^[^\s,;<>]+@[^\s,;<>@]+$/);
    expect(subject).not.toMatch(/[\r\n\u202e]/);
  }
});
