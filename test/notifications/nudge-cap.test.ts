import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { openDueDigests } from "../../src/email/due-digests.ts";
import { emit } from "../../src/events/event.ts";
import { candidateMatched } from "../../src/events/matching.ts";
import { readEmailStandings } from "../../src/notifications/email-standings.ts";
import {
  countNudges,
  decideNudgeDigest,
  NUDGE_CAP_POLICY,
  type NudgeCounts,
} from "../../src/scoring/notifications/nudge-cap.ts";
import { notifyFanOut } from "../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { organization } from "../support/factories.ts";
import { deleteAll, hostEvent, notificationSettings, prefer, project, user } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const KIND_OF_TYPE = {
  thread_unread_stale: "unread",
  "candidate.matched": "match",
  resume_incomplete_nudge: "profile",
} as const;
const NUDGE_TYPES = Object.keys(KIND_OF_TYPE) as (keyof typeof KIND_OF_TYPE)[];
const isNudge = (type: string): type is keyof typeof KIND_OF_TYPE => type in KIND_OF_TYPE;

/**
 * A Sunday on which the clocks of some of these zones change, at a time at which their digest windows are
 * open.
 */
const NOW = new Date("2026-03-08T18:30:00Z");
const ZONES = [
  "America/Los_Angeles",
  "America/Havana",
  "America/St_Johns",
  "Atlantic/Azores",
  "Pacific/Honolulu",
  "Pacific/Apia",
  "Pacific/Chatham",
];

const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const anyAge = fc.integer({ min: 1, max: 12 * 24 * 60 });
const anyType = fc.constantFrom(...NUDGE_TYPES, "budget.awarded");
/** `none`: dropped by the check before sending. */
const anyStatus = fc.constantFrom("pending", "sent", "none");

const anyHistory = fc.record({
  alone: fc.array(
    fc.record({
      type: anyType,
      status: anyStatus,
      age: anyAge,
      deferredMinutes: fc.option(fc.integer({ min: 1, max: 20 * 60 })),
    }),
    { maxLength: 5 },
  ),
  digests: fc.array(
    fc.record({
      age: anyAge,
      items: fc.array(fc.record({ type: anyType, status: anyStatus }), { maxLength: 3 }),
    }),
    { maxLength: 5 },
  ),
  waiting: fc.array(
    fc.record({
      type: anyType,
      cadence: fc.constantFrom("hourly", "daily", "weekly"),
      isHeld: fc.boolean(),
      age: fc.integer({ min: 60, max: 3 * 24 * 60 }),
    }),
    { maxLength: 4 },
  ),
});
type History = typeof anyHistory extends fc.Arbitrary<infer T> ? T : never;

let lastEvent = 1_000_000;

type Lived = { readonly history: History; readonly timeZone: string };

/** Histories of as many users: what is asked of Postgres is asked for all of them. */
const TOGETHER = 10;
const anyLives: fc.Arbitrary<Lived[]> = fc.array(
  fc.record({ history: anyHistory, timeZone: fc.constantFrom(...ZONES) }),
  { minLength: TOGETHER, maxLength: TOGETHER },
);

/** A row of `deliveries`; its digest by number. */
type Row = {
  type: string;
  decision: string;
  cadence?: string;
  status?: string;
  at: Date;
  notBefore?: Date;
  digest?: number;
  reason?: string;
};

/** Writes each history as rows of a new user. @returns the users. */
async function writeAll(world: World, lives: readonly Lived[]): Promise<string[]> {
  const users = await world.query<{ id: string }>(
    "insert into users (email, time_zone) select 'ada@people.test', unnest($1::text[]) returning id",
    [lives.map(({ timeZone }) => timeZone)],
  );
  const ids = users.map(({ id }) => id);
  const digests = await world.query<{ id: string }>(
    `insert into email_digests (user_id, kind, window_start, created_at)
     select d.user_id, 'daily', d.start, d.at from jsonb_to_recordset($1) d(user_id bigint, start timestamptz, at timestamptz)
     returning id`,
    [
      JSON.stringify(
        lives.flatMap(({ history }, user) =>
          history.digests.map(({ age }, n) => ({
            user_id: ids[user],
            start: minutesAgo(100_000 + n),
            at: minutesAgo(age),
          })),
        ),
      ),
    ],
  );
  let opened = 0;
  const deliveries = lives.flatMap(({ history }, user) => {
    const first = opened;
    opened += history.digests.length;
    return rowsOf(history).map(({ digest, at, notBefore, ...row }) => ({
      ...row,
      event_id: ++lastEvent,
      user_id: ids[user],
      decided_at: at,
      not_before: notBefore,
      digest_id: digest === undefined ? null : digests[first + digest]!.id,
    }));
  });
  await world.query(
    `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at, not_before, digest_id, reason)
     select d.event_id, d.type, d.user_id, 'email', d.decision, d.cadence, coalesce(d.status, 'pending'), d.decided_at, d.not_before, d.digest_id, d.reason
     from jsonb_to_recordset($1) d(event_id bigint, type text, user_id bigint, decision text, cadence text, status text,
                                   decided_at timestamptz, not_before timestamptz, digest_id bigint, reason text)`,
    [JSON.stringify(deliveries)],
  );
  return ids;
}

/** The deliveries of a history. */
function rowsOf({ alone, digests, waiting }: History): Row[] {
  const single = alone.map(({ type, status, age, deferredMinutes }): Row => {
    const at = minutesAgo(age);
    if (deferredMinutes === null) return { type, decision: "now", status, at };
    const notBefore = new Date(at.getTime() + deferredMinutes * 60_000);
    return { type, decision: "deferred", status, at, notBefore };
  });
  const digested = digests.flatMap(({ age, items }, digest) =>
    items.map(
      ({ type, status }): Row => ({
        type,
        decision: "digested",
        cadence: "daily",
        status,
        at: minutesAgo(age),
        digest,
      }),
    ),
  );
  const left = waiting.map(
    ({ type, cadence, isHeld, age }): Row => ({
      type,
      decision: "digested",
      cadence,
      at: minutesAgo(age),
      ...(isHeld ? { reason: "nudge-cap" } : {}),
    }),
  );
  return [...single, ...digested, ...left];
}

/** The local date of an instant as a number of days, by another way than the code under test. */
const dayIn = (at: Date, timeZone: string) =>
  Date.parse(at.toLocaleDateString("en-CA", { timeZone })) / (24 * 3_600_000);

/**
 * The rule of the cap over all rows: single nudges, and digests of nothing but nudges, that were not dropped.
 */
function countsOf({ alone, digests }: History, timeZone: string): NudgeCounts {
  const single = alone
    .filter(({ type, status }) => isNudge(type) && status !== "none")
    .map(({ age, deferredMinutes }) => minutesAgo(age - (deferredMinutes ?? 0)));
  const together = digests
    .filter(({ items }) => {
      const sent = items.filter(({ status }) => status !== "none");
      return sent.length > 0 && sent.every(({ type }) => isNudge(type));
    })
    .map(({ age }) => minutesAgo(age));
  const ages = [...single, ...together].map((at) => dayIn(NOW, timeZone) - dayIn(at, timeZone));
  return { today: ages.filter((age) => age <= 0).length, week: ages.filter((age) => age < 7).length };
}

describe("the cap of nudges, on random rows", () => {
  it("counts the same e-mails as the pure rule, in every zone", async () => {
    const world = await createWorld();
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(anyLives, async (lives) => {
        const ids = await writeAll(world, lives);
        const requested = new Map(ids.map((id) => [id, { nudged: true }]));
        const standings = await inTransaction(world.db, (tx) => readEmailStandings(tx, requested, NOW));
        for (const [n, { history, timeZone }] of lives.entries()) {
          const { nudgedAt, waiting } = standings.get(ids[n]!)!;
          const expected = countsOf(history, timeZone);
          expect(countNudges({ timeZone, countedAt: nudgedAt }, NOW)).toEqual(expected);
          counted += expected.week;
          for (const cadence of ["hourly", "daily", "weekly"] as const) {
            const items = history.waiting.filter((item) => item.cadence === cadence);
            const open = items.filter(({ type, isHeld }) => isNudge(type) && !isHeld);
            const kinds = new Set(open.map(({ type }) => isNudge(type) && KIND_OF_TYPE[type]));
            expect(new Set((waiting[cadence]?.nudges ?? []).map(({ kind }) => kind))).toEqual(kinds);
            expect(waiting[cadence]?.others ?? 0).toBe(items.filter(({ type }) => !isNudge(type)).length);
          }
        }
      }),
      { numRuns: size(50, 500) / TOGETHER },
    );
    expect(counted).toBeGreaterThan(20);
  });

  it("opens the digests that decideNudgeDigest sends, and holds the others", async () => {
    const world = await createWorld();
    const seen = { opened: 0, held: 0 };
    await fc.assert(
      fc.asyncProperty(anyLives, async (lives) => {
        await deleteAll(world, "deliveries", "email_digests");
        const ids = await writeAll(world, lives);
        const { digests } = await inTransaction(world.db, (tx) =>
          openDueDigests(tx, "hourly", NOW, {
            limit: TOGETHER,
            defaultZone: "UTC",
            log: world.log,
            cap: NUDGE_CAP_POLICY,
          }),
        );
        const left = await world.query<{ user: string; reason: string | null }>(
          "select user_id as user, reason from deliveries where cadence = 'hourly' and digest_id is null",
        );
        for (const [n, { history, timeZone }] of lives.entries()) {
          const userId = ids[n]!;
          const waiting = history.waiting.filter(({ cadence }) => cadence === "hourly");
          const nudges = waiting.filter(({ type }) => isNudge(type)).length;
          const isDue = waiting.some(({ isHeld }) => !isHeld);
          const verdict = decideNudgeDigest(
            { nudges, others: waiting.length - nudges },
            countsOf(history, timeZone),
            NUDGE_CAP_POLICY,
          );
          const opens = isDue && verdict.kind === "send";
          expect(digests.filter((digest) => digest.userId === userId)).toHaveLength(opens ? 1 : 0);
          const own = left.filter(({ user: of }) => of === userId);
          expect(own).toHaveLength(opens ? 0 : waiting.length);
          if (isDue && !opens) for (const { reason } of own) expect(reason).toBe("nudge-cap");
          seen.opened += opens ? 1 : 0;
          seen.held += isDue && !opens ? 1 : 0;
        }
      }),
      { numRuns: size(300, 3_000) / TOGETHER },
    );
    // One in twenty is held.
    expect(Math.min(seen.opened, seen.held)).toBeGreaterThan(2);
  });
});

/** Users who live through the same hours. */
const NEIGHBOURS = 5;
const anyStep = fc.record({
  pauseMinutes: fc.constantFrom(20, 90, 240, 240, 600, 1_440),
  /** Digests are opened, or something happens to each user. */
  isTick: fc.constantFrom(false, false, false, true),
  happens: fc.array(fc.constantFrom("unread", "match", "profile", "profile", "other"), {
    minLength: NEIGHBOURS,
    maxLength: NEIGHBOURS,
  }),
});
const anyNeighbour = fc.record({
  timeZone: fc.constantFrom(...ZONES),
  immediate: fc.subarray([...NUDGE_TYPES]),
  isQuiet: fc.boolean(),
});

/** A user who owns a project, with events of every kind of nudge. */
async function recipient(world: World, timeZone: string) {
  const userId = await user(world, { email: "ada@people.test", timeZone });
  const projectId = await project(world, { organizationId: await organization(world), createdBy: userId });
  const events = {
    unread: () => hostEvent(world, "thread_unread_stale", { payload: { user_id: userId } }),
    profile: () =>
      hostEvent(world, "resume_incomplete_nudge", {
        projectId,
        payload: { user_id: userId, resume_kind: "project", completeness: 40, step: 1 },
      }),
    match: async () => {
      await inTransaction(world.db, (tx) =>
        emit(tx, candidateMatched, [
          { payload: { user_id: userId }, occurredAt: world.clock.now(), projectId },
        ]),
      );
      const [event] = await world.query<{ id: string }>("select max(id) as id from domain_events");
      return event!.id;
    },
    other: () => hostEvent(world, "document_uploaded", { projectId }),
  };
  return { userId, projectId, events };
}

type NudgeEmail = { at: Date; kinds: string[]; alone: boolean };

/** The nudge e-mails of a user that were sent or will be, from all rows. */
const nudgeEmails = (world: World, userId: string): Promise<NudgeEmail[]> =>
  world.query<NudgeEmail>(
    `select greatest(decided_at, not_before) as at, array[event_type] as kinds, true as alone from deliveries
     where user_id = $1 and channel = 'email' and decision in ('now', 'deferred') and event_type = any($2)
     union all
     select g.created_at, array_agg(d.event_type), false from email_digests g join deliveries d on d.digest_id = g.id
     where g.user_id = $1 group by g.id having bool_and(d.event_type = any($2))
     order by 1`,
    [userId, NUDGE_TYPES],
  );

describe("the cap of nudges, over random days", () => {
  it("holds for each local day and for seven, whatever is deferred, digested or preferred", async () => {
    const world = await createWorld();
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 10, maxLength: 24 }),
        fc.array(anyNeighbour, { minLength: NEIGHBOURS, maxLength: NEIGHBOURS }),
        async (steps, neighbours) => {
          await deleteAll(
            world,
            "deliveries",
            "email_digests",
            "domain_events",
            "event_outcomes",
            "notifications",
            "outbox",
          );
          const recipients: Awaited<ReturnType<typeof recipient>>[] = [];
          for (const { timeZone, immediate, isQuiet } of neighbours) {
            const one = await recipient(world, timeZone);
            recipients.push(one);
            for (const eventType of immediate)
              await prefer(world, one.userId, { status: "immediate", eventType, channel: "email" });
            if (isQuiet)
              await notificationSettings(world, one.userId, { quietFrom: 19 * 60, quietTo: 9 * 60 });
          }
          let now = NOW.getTime();
          for (const { pauseMinutes, isTick, happens } of steps) {
            now += pauseMinutes * 60_000;
            world.at(new Date(now).toISOString());
            if (isTick) {
              await inTransaction(world.db, (tx) =>
                openDueDigests(tx, "hourly", new Date(now), {
                  limit: 10,
                  defaultZone: "UTC",
                  log: world.log,
                  cap: NUDGE_CAP_POLICY,
                }),
              );
              continue;
            }
            const eventIds: string[] = [];
            for (const [n, { events }] of recipients.entries()) eventIds.push(await events[happens[n]!]());
            await world.perform(notifyFanOut, { eventIds });
          }
          for (const [n, { userId }] of recipients.entries()) {
            const emails = await nudgeEmails(world, userId);
            const days = emails.map(({ at }) => dayIn(at, neighbours[n]!.timeZone));
            expect(new Set(days).size).toBe(days.length);
            days.sort((a, b) => a - b);
            days.forEach((day, nth) => {
              if (nth >= 3) expect(day - days[nth - 3]!).toBeGreaterThanOrEqual(7);
            });
            sent += emails.length;
          }
        },
      ),
      { numRuns: size(30, 300) / NEIGHBOURS },
    );
    expect(sent).toBeGreaterThan(10);
  });

  it("faults 21: a nudge of lower priority does not use the cap before a higher one that waits for its digest", async () => {
    const world = await createWorld({ at: "2026-03-10T18:05:00Z" });
    const { userId, events } = await recipient(world, "America/Los_Angeles");
    await world.perform(notifyFanOut, { eventIds: [await events.unread()] });
    await world.perform(notifyFanOut, { eventIds: [await events.profile()] });
    expect(await nudgeEmails(world, userId)).toEqual([]);
    await inTransaction(world.db, (tx) =>
      openDueDigests(tx, "hourly", new Date("2026-03-10T19:00:00Z"), {
        limit: 10,
        defaultZone: "UTC",
        log: world.log,
        cap: NUDGE_CAP_POLICY,
      }),
    );
    const [email, ...more] = await nudgeEmails(world, userId);
    expect(more).toEqual([]);
    expect(new Set(email?.kinds)).toEqual(new Set(["thread_unread_stale", "resume_incomplete_nudge"]));
  });

  it("faults 21: a nudge that waits beside other notifications does not hold back one of lower priority", async () => {
    const world = await createWorld({ at: "2026-03-10T18:05:00Z" });
    const { userId, events } = await recipient(world, "America/Los_Angeles");
    await world.perform(notifyFanOut, { eventIds: [await events.unread()] });
    await world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at)
       values (999999, 'budget.awarded', $1, 'email', 'digested', 'hourly', 'pending', now())`,
      [userId],
    );
    await world.perform(notifyFanOut, { eventIds: [await events.profile()] });
    expect(await nudgeEmails(world, userId)).toMatchObject([
      { kinds: ["resume_incomplete_nudge"], alone: true },
    ]);
  });

  it("faults 21: a nudge that the check before sending dropped does not count against the cap", async () => {
    const world = await createWorld({ at: "2026-03-10T18:05:00Z" });
    const { userId, events } = await recipient(world, "America/Los_Angeles");
    await world.perform(notifyFanOut, { eventIds: [await events.profile()] });
    await world.query("update deliveries set status = 'none', reason = 'overtaken' where channel = 'email'");
    await world.perform(notifyFanOut, { eventIds: [await events.profile()] });
    const emails = await world.query(
      "select decision from deliveries where channel = 'email' and user_id = $1 order by id",
      [userId],
    );
    expect(emails).toEqual([{ decision: "now" }, { decision: "now" }]);
  });
});
