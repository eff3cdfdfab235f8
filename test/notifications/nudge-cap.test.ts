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

/** Writes a history as rows of a new user. @returns the user. */
async function write(world: World, { alone, digests, waiting }: History, timeZone: string): Promise<string> {
  const userId = await user(world, { email: "ada@people.test", timeZone });
  const insert = (
    type: string,
    fields: {
      decision: string;
      cadence?: string;
      status?: string;
      at: Date;
      notBefore?: Date;
      digest?: string;
      reason?: string;
    },
  ) =>
    world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at, not_before, digest_id, reason)
       values ($1, $2, $3, 'email', $4, $5, $6, $7, $8, $9, $10)`,
      [
        ++lastEvent,
        type,
        userId,
        fields.decision,
        fields.cadence ?? null,
        fields.status ?? "pending",
        fields.at,
        fields.notBefore ?? null,
        fields.digest ?? null,
        fields.reason ?? null,
      ],
    );
  for (const { type, status, age, deferredMinutes } of alone) {
    const at = minutesAgo(age);
    if (deferredMinutes === null) await insert(type, { decision: "now", status, at });
    else {
      const notBefore = new Date(at.getTime() + deferredMinutes * 60_000);
      await insert(type, { decision: "deferred", status, at, notBefore });
    }
  }
  for (const [n, { age, items }] of digests.entries()) {
    const [digest] = await world.query<{ id: string }>(
      "insert into email_digests (user_id, kind, window_start, created_at) values ($1, 'daily', $2, $3) returning id",
      [userId, minutesAgo(100_000 + n), minutesAgo(age)],
    );
    for (const { type, status } of items)
      await insert(type, {
        decision: "digested",
        cadence: "daily",
        status,
        at: minutesAgo(age),
        digest: digest!.id,
      });
  }
  for (const { type, cadence, isHeld, age } of waiting)
    await insert(type, {
      decision: "digested",
      cadence,
      at: minutesAgo(age),
      ...(isHeld ? { reason: "nudge-cap" } : {}),
    });
  return userId;
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
  it("counts the e-mails that the rule counts, in every zone", async () => {
    const world = await createWorld();
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(anyHistory, fc.constantFrom(...ZONES), async (history, timeZone) => {
        const userId = await write(world, history, timeZone);
        const standings = await inTransaction(world.db, (tx) =>
          readEmailStandings(tx, new Map([[userId, { nudged: true }]]), NOW),
        );
        const { nudgedAt, waiting } = standings.get(userId)!;
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
      }),
      { numRuns: size(50, 500) },
    );
    expect(counted).toBeGreaterThan(20);
  });

  it("opens the digests that decideNudgeDigest sends, and holds the others", async () => {
    const world = await createWorld();
    const seen = { opened: 0, held: 0 };
    await fc.assert(
      fc.asyncProperty(anyHistory, fc.constantFrom(...ZONES), async (history, timeZone) => {
        await deleteAll(world, "deliveries", "email_digests");
        const userId = await write(world, history, timeZone);
        const { digests } = await inTransaction(world.db, (tx) =>
          openDueDigests(tx, "hourly", NOW, {
            limit: 10,
            defaultZone: "UTC",
            log: world.log,
            cap: NUDGE_CAP_POLICY,
          }),
        );
        const waiting = history.waiting.filter(({ cadence }) => cadence === "hourly");
        const nudges = waiting.filter(({ type }) => isNudge(type)).length;
        const isDue = waiting.some(({ isHeld }) => !isHeld);
        const verdict = decideNudgeDigest(
          { nudges, others: waiting.length - nudges },
          countsOf(history, timeZone),
          NUDGE_CAP_POLICY,
        );
        const opens = isDue && verdict.kind === "send";
        expect(digests.map((digest) => digest.userId)).toEqual(opens ? [userId] : []);
        const left = await world.query<{ reason: string | null }>(
          "select reason from deliveries where user_id = $1 and cadence = 'hourly' and digest_id is null",
          [userId],
        );
        expect(left).toHaveLength(opens ? 0 : waiting.length);
        if (isDue && !opens) for (const { reason } of left) expect(reason).toBe("nudge-cap");
        seen.opened += opens ? 1 : 0;
        seen.held += isDue && !opens ? 1 : 0;
      }),
      { numRuns: size(300, 3_000) },
    );
    // One in twenty is held.
    expect(Math.min(seen.opened, seen.held)).toBeGreaterThan(2);
  });
});

const anyStep = fc.record({
  pauseMinutes: fc.constantFrom(20, 90, 240, 240, 600, 1_440),
  happens: fc.constantFrom(
    "unread" as const,
    "match" as const,
    "profile" as const,
    "profile" as const,
    "other" as const,
    "tick" as const,
    "tick" as const,
  ),
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
        fc.constantFrom(...ZONES),
        fc.subarray([...NUDGE_TYPES]),
        fc.boolean(),
        async (steps, timeZone, immediate, isQuiet) => {
          await deleteAll(
            world,
            "deliveries",
            "email_digests",
            "domain_events",
            "event_outcomes",
            "notifications",
            "outbox",
          );
          const { userId, events } = await recipient(world, timeZone);
          for (const eventType of immediate)
            await prefer(world, userId, { status: "immediate", eventType, channel: "email" });
          if (isQuiet) await notificationSettings(world, userId, { quietFrom: 19 * 60, quietTo: 9 * 60 });
          let now = NOW.getTime();
          for (const { pauseMinutes, happens } of steps) {
            now += pauseMinutes * 60_000;
            world.at(new Date(now).toISOString());
            if (happens === "tick")
              await inTransaction(world.db, (tx) =>
                openDueDigests(tx, "hourly", new Date(now), {
                  limit: 10,
                  defaultZone: "UTC",
                  log: world.log,
                  cap: NUDGE_CAP_POLICY,
                }),
              );
            else await world.perform(notifyFanOut, { eventIds: [await events[happens]()] });
          }
          const emails = await nudgeEmails(world, userId);
          const days = emails.map(({ at }) => dayIn(at, timeZone));
          expect(new Set(days).size).toBe(days.length);
          days.sort((a, b) => a - b);
          days.forEach((day, n) => {
            if (n >= 3) expect(day - days[n - 3]!).toBeGreaterThanOrEqual(7);
          });
          sent += emails.length;
        },
      ),
      { numRuns: size(30, 300) },
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
