import fc from "fast-check";
import { expect, it } from "vitest";
import { preferenceFor } from "../../src/scoring/notifications/preference.ts";
import {
  decideUnreadNudge,
  type GivenNudge,
  type ThreadMessage,
  unreadFactsOf,
} from "../../src/scoring/notifications/unread-nudge.ts";
import { unreadThreadNudges } from "../../src/workers/notifications/nudges/unread-thread-nudges.ts";
import { performRanged } from "../support/jobs.ts";
import { pruneLog } from "../support/nudges.ts";
import { deleteAll, message, prefer, thread, users } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const RUNS = size(25, 500);

const ZERO = Date.parse("2026-03-07T00:00:00Z");
const THREADS = 3;
const PEOPLE = 4;

const ACTS = {
  say: ({ world, threadId, userId, at }: Act) =>
    message(world, { threadId, senderId: userId, createdAt: at }),
  read: ({ world, threadId, userId, at }: Act) =>
    world.query(
      "update chat_thread_participants set last_read_at = $3 where thread_id = $1 and user_id = $2",
      [threadId, userId, at],
    ),
  markUnread: ({ world, threadId, userId }: Act) =>
    world.query(
      "update chat_thread_participants set last_read_at = null where thread_id = $1 and user_id = $2",
      [threadId, userId],
    ),
  takeBack: ({ world, threadId }: Act) =>
    world.query("delete from messages where id = (select min(id) from messages where thread_id = $1)", [
      threadId,
    ]),
  backdate: ({ world, threadId, at }: Act) =>
    world.query(
      "update messages set created_at = $2 where id = (select max(id) from messages where thread_id = $1)",
      [threadId, at],
    ),
  leave: ({ world, threadId, userId }: Act) =>
    world.query("delete from chat_thread_participants where thread_id = $1 and user_id = $2", [
      threadId,
      userId,
    ]),
  join: ({ world, threadId, userId, at }: Act) =>
    world.query(
      "insert into chat_thread_participants (thread_id, user_id, joined_at) values ($1, $2, $3) on conflict do nothing",
      [threadId, userId, at],
    ),
  mute: ({ world, threadId, userId }: Act) =>
    prefer(world, userId, { status: "muted", scope: { type: "thread", id: threadId } }),
  muteAll: ({ world, userId }: Act) => prefer(world, userId, { status: "muted" }),
  unmute: ({ world, userId }: Act) =>
    world.query("delete from notification_preferences where user_id = $1", [userId]),
  beSeen: ({ world, userId, at }: Act) =>
    world.query("update users set last_active_at = greatest(last_active_at, $2) where id = $1", [userId, at]),
};
type Act = { world: World; threadId: string; userId: string; at: string };

const acts = Object.keys(ACTS) as (keyof typeof ACTS)[];

/** What happens on the host platform between two runs, and the pause before the next run. */
const anyRound = fc.record({
  pauseMinutes: fc.constantFrom(15, 15, 30, 60, 165, 300, 720, 1_440),
  happened: fc.array(
    fc.record({
      act: fc.constantFrom("say" as const, "say" as const, "say" as const, "read" as const, ...acts),
      thread: fc.nat(THREADS - 1),
      person: fc.nat(PEOPLE - 1),
      minutesAgo: fc.nat(400),
    }),
    { maxLength: 6 },
  ),
});

type Participant = {
  userId: string;
  threadId: string;
  joinedAt: Date;
  lastReadAt: Date | null;
  lastActiveAt: Date | null;
};
type Spoken = Pick<ThreadMessage, "id" | "senderId" | "at"> & { threadId: string };
type Muted = { userId: string; scopeType: "global" | "thread"; scopeId: string | null };

/** Reads all participants and messages of all threads, which would not scale. */
async function reference(world: World, given: Map<string, GivenNudge[]>, now: Date): Promise<void> {
  const participants = await world.query<Participant>(
    `select p.user_id as "userId", p.thread_id as "threadId", p.joined_at as "joinedAt", p.last_read_at as "lastReadAt",
            u.last_active_at as "lastActiveAt"
     from chat_thread_participants p join users u on u.id = p.user_id`,
  );
  const messages = await world.query<Spoken>(
    `select id, thread_id as "threadId", sender_id as "senderId", created_at as at from messages`,
  );
  const muted = await world.query<Muted>(
    `select user_id as "userId", scope_type as "scopeType", scope_id as "scopeId" from notification_preferences`,
  );
  for (const participant of participants) {
    const { userId, threadId } = participant;
    const key = `${userId}:${threadId}`;
    const earlier = given.get(key) ?? [];
    const own = muted
      .filter((preference) => preference.userId === userId)
      .map((preference) => ({
        ...preference,
        eventType: "*",
        channel: "*" as const,
        status: "muted" as const,
      }));
    const subject = {
      eventType: "thread_unread_stale",
      channel: "email",
      projectId: null,
      threadId,
    } as const;
    const isMuted = preferenceFor(own, subject) === "muted";
    const spoken = messages.filter((m) => m.threadId === threadId);
    const facts = unreadFactsOf({ ...participant, muted: isMuted }, spoken, earlier);
    const decision = decideUnreadNudge(facts, { thresholdMinutes: 180 }, now);
    if (decision.kind === "none") continue;
    const { about, step } = decision;
    if (earlier.some((nudge) => nudge.oldestUnreadId === about.id && nudge.step === step)) continue;
    given.set(key, [...earlier, { oldestUnreadId: about.id, oldestUnreadAt: about.at, step, nudgedAt: now }]);
  }
}

type Line = { pair: string; id: string; step: number; at: Date };
const sorted = (lines: readonly Line[]) => lines.map((line) => JSON.stringify(line)).sort();

it("nudges the same users at the same times as the pure rule, on random histories", async () => {
  const world = await createWorld();
  let nudges = 0;
  let forgotten = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyRound, { minLength: 3, maxLength: 14 }), async (rounds) => {
      await deleteAll(
        world,
        "chat_threads",
        "notification_preferences",
        "unread_nudges",
        "unread_marks",
        "unread_watches",
        "domain_events",
        "outbox",
        "job_runs",
      );
      const people = await users(world, PEOPLE);
      const threads: string[] = [];
      for (let n = 0; n < THREADS; n++) threads.push(await thread(world, { participants: people }));
      await world.query("update chat_thread_participants set joined_at = $1", [new Date(ZERO)]);
      const given = new Map<string, GivenNudge[]>();
      let now = ZERO + 24 * 3_600_000;
      for (const { pauseMinutes, happened } of rounds) {
        now += pauseMinutes * 60_000;
        for (const { act, person, thread: index, minutesAgo } of happened) {
          const at = new Date(now - minutesAgo * 60_000).toISOString();
          await ACTS[act]({ world, threadId: threads[index]!, userId: people[person]!, at });
        }
        world.at(new Date(now).toISOString());
        await performRanged(world, unreadThreadNudges, {});
        await reference(world, given, new Date(now));
        const recorded = await world.query<Line>(
          `select payload->>'user_id' || ':' || (t->>'thread_id') as pair, t->>'oldest_unread_id' as id, (t->>'step')::int as step,
                  occurred_at as at
           from domain_events, jsonb_array_elements(payload->'threads') t where event_type = 'thread_unread_stale'`,
        );
        const expected = [...given].flatMap(([pair, list]) =>
          list.map(({ oldestUnreadId, step, nudgedAt }) => ({
            pair,
            id: oldestUnreadId,
            step,
            at: nudgedAt,
          })),
        );
        expect(sorted(recorded)).toEqual(sorted(expected));
        // Pruned rows make no difference.
        forgotten += (await pruneLog(world, "unread_nudges")).rowCount ?? 0;
      }
      nudges += [...given.values()].flat().length;
    }),
    { numRuns: RUNS },
  );
  // Two empty lists would be equal too.
  expect(nudges).toBeGreaterThan(RUNS / 4);
  expect(forgotten).toBeGreaterThan(0);
});
