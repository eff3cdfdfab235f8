import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cadenceOf,
  decideNotification,
  isCapped,
  isLimited,
  isOutranked,
  isThrottled,
  type NotifyDecision,
  type NotifyFacts,
  type NudgeFacts,
  STOPS_EVERYTHING,
  STOPS_THE_REST,
} from "../../../src/scoring/notifications/notify-decision.ts";
import { NUDGE_CAP_POLICY } from "../../../src/scoring/notifications/nudge-cap.ts";
import type { Preference } from "../../../src/scoring/notifications/preference.ts";

const facts = (change: Partial<NotifyFacts> = {}): NotifyFacts => ({
  channel: "email",
  eventType: "invite_accepted",
  projectId: "1",
  threadId: "2",
  isActor: false,
  mayAccess: true,
  hasAddress: true,
  isSuppressed: false,
  isMustSend: false,
  preferences: [],
  isUnsubscribed: false,
  staleReason: null,
  frequency: "immediate",
  emailKind: "immediate",
  quiet: null,
  timeZone: "America/Los_Angeles",
  letThrough: 0,
  letThroughLimit: 10,
  nudge: null,
  now: new Date("2026-06-02T06:00:00Z"),
  ...change,
});
const preference = (change: Partial<Preference>): Preference => ({
  scopeType: "global",
  scopeId: null,
  eventType: "*",
  channel: "*",
  status: "muted",
  ...change,
});
const decided = (change: Partial<NotifyFacts>) => decideNotification(facts(change));
const inApp = { channel: "in_app" } as const;
const NIGHT = { from: 22 * 60, to: 7 * 60 };
const NUDGE: NudgeFacts = {
  candidate: { id: "9", kind: "match" },
  waiting: [],
  counts: { today: 0, week: 0 },
  policy: NUDGE_CAP_POLICY,
};
const CAPPED: NudgeFacts = { ...NUDGE, counts: { today: 1, week: 1 } };
const OUTRANKED: NudgeFacts = { ...NUDGE, waiting: [{ id: "1", kind: "unread" }] };
const MUTED = [preference({})];

describe("each rule by itself", () => {
  it.each([
    ["actorIsRecipient", { isActor: true }, "actor-is-recipient"],
    ["actorIsRecipient", { isActor: false }, null],
    ["access", { mayAccess: false }, "no-access"],
    ["access", { mayAccess: true }, null],
    ["address", { hasAddress: false }, "no-address"],
    ["address", { hasAddress: false, ...inApp }, null],
    ["suppression", { isSuppressed: true }, "suppressed"],
    ["suppression", { isSuppressed: true, ...inApp }, null],
  ] as const)("%s of %j: %s", (rule, change, reason) => {
    expect(STOPS_EVERYTHING[rule](facts(change))).toBe(reason);
  });

  it.each([
    ["mute", { preferences: MUTED }, "muted"],
    ["mute", { preferences: MUTED, ...inApp }, "muted"],
    ["mute", { preferences: [preference({ channel: "in_app" })] }, null],
    ["mute", { preferences: [preference({ status: "digest" })] }, null],
    [
      "mute",
      {
        preferences: [preference({}), preference({ scopeType: "thread", scopeId: "2", status: "immediate" })],
      },
      null,
    ],
    ["unsubscribed", { isUnsubscribed: true }, "unsubscribed"],
    ["unsubscribed", { isUnsubscribed: true, ...inApp }, null],
    ["noFrequency", { frequency: "none" }, "frequency-none"],
    ["noFrequency", { frequency: "none", ...inApp }, null],
    ["noFrequency", { frequency: "weekly" }, null],
    ["stale", { staleReason: "read-meanwhile" }, "read-meanwhile"],
    ["stale", { staleReason: "overtaken", ...inApp }, "overtaken"],
    ["stale", { staleReason: null }, null],
  ] as const)("%s of %j: %s", (rule, change, reason) => {
    expect(STOPS_THE_REST[rule](facts(change as Partial<NotifyFacts>))).toBe(reason);
  });

  it.each([
    ["immediate", "immediate", null, "now", null],
    ["immediate", "hourly", null, "hourly", "frequency"],
    ["immediate", "daily", null, "daily", "frequency"],
    ["immediate", "weekly", "immediate", "weekly", "frequency"],
    ["immediate", "immediate", "digest", "hourly", "preference"],
    ["immediate", "daily", "digest", "daily", "frequency"],
    ["digest", "immediate", null, "hourly", null],
    ["digest", "hourly", null, "hourly", null],
    ["digest", "immediate", "immediate", "now", "preference"],
    ["digest", "daily", "immediate", "daily", "frequency"],
    ["weekly", "immediate", null, "weekly", null],
    ["weekly", "daily", "digest", "weekly", null],
    ["weekly", "immediate", "immediate", "now", "preference"],
  ] as const)(
    "cadence of a type mailed %s, frequency %s, status %s: %s (%s)",
    (kind, frequency, status, cadence, why) => {
      const preferences = status === null ? [] : [preference({ status })];
      expect(cadenceOf(facts({ emailKind: kind, frequency, preferences }))).toEqual({ cadence, reason: why });
    },
  );

  it.each([
    [9, 10, false],
    [10, 10, true],
    [11, 10, true],
    [0, 0, true],
  ])("throttle: %i of %i", (letThrough, letThroughLimit, throttled) => {
    expect(isThrottled(facts({ letThrough, letThroughLimit }))).toBe(throttled);
  });

  it.each([
    [null, false],
    [{ today: 0, week: 2 }, false],
    [{ today: 1, week: 1 }, true],
    [{ today: 0, week: 3 }, true],
  ])("cap of nudges: %j", (counts, capped) => {
    expect(isCapped(facts({ nudge: counts && { ...NUDGE, counts } }))).toBe(capped);
  });

  it.each([
    ["profile", [], false],
    ["profile", ["unread"], true],
    ["profile", ["match", "unread"], true],
    ["match", ["profile"], false],
    ["unread", ["match", "profile"], false],
    ["unread", ["unread"], true],
  ] as const)("a nudge of kind %s while %j wait for a digest: outranked is %s", (kind, kinds, outranked) => {
    const waiting = kinds.map((waitingKind, n) => ({ id: String(n + 1), kind: waitingKind }));
    const nudge = { ...NUDGE, candidate: { id: "9", kind }, waiting };
    expect(isOutranked(facts({ nudge }))).toBe(outranked);
    expect(isOutranked(facts({ nudge: { ...nudge, policy: { ...NUDGE.policy, perDay: 3 } } }))).toBe(false);
  });
});

describe("decideNotification", () => {
  it.each<[string, Partial<NotifyFacts>, NotifyDecision]>([
    ["nothing speaks against it", {}, { kind: "now", reason: null }],
    [
      "the actor, though must-send",
      { isActor: true, isMustSend: true, mayAccess: false },
      { kind: "skipped", reason: "actor-is-recipient" },
    ],
    [
      "no access comes before suppression",
      { mayAccess: false, isSuppressed: true },
      { kind: "skipped", reason: "no-access" },
    ],
    [
      "suppression stops must-send too",
      { isSuppressed: true, isMustSend: true },
      { kind: "skipped", reason: "suppressed" },
    ],
    [
      "must-send passes everything else",
      {
        isMustSend: true,
        preferences: MUTED,
        isUnsubscribed: true,
        frequency: "none",
        quiet: NIGHT,
        letThrough: 99,
        nudge: CAPPED,
      },
      { kind: "now", reason: "must-send" },
    ],
    [
      "unsubscribed comes before mute",
      { preferences: MUTED, isUnsubscribed: true },
      { kind: "skipped", reason: "unsubscribed" },
    ],
    [
      "unsubscribed comes before frequency",
      { isUnsubscribed: true, frequency: "none" },
      { kind: "skipped", reason: "unsubscribed" },
    ],
    [
      "quiet hours wait for their end",
      { quiet: NIGHT },
      { kind: "deferred", notBefore: new Date("2026-06-02T14:00:00Z"), reason: "quiet-hours" },
    ],
    [
      "a digest knows its own hours",
      { quiet: NIGHT, emailKind: "digest" },
      { kind: "digested", cadence: "hourly", reason: null },
    ],
    [
      "the throttle holds in quiet hours too",
      { quiet: NIGHT, letThrough: 10 },
      { kind: "digested", cadence: "hourly", reason: "throttle" },
    ],
    [
      "a capped nudge may ride in a digest",
      { nudge: CAPPED },
      { kind: "digested", cadence: "hourly", reason: "nudge-cap" },
    ],
    [
      "a capped nudge of somebody with a daily digest",
      { nudge: CAPPED, frequency: "daily" },
      { kind: "digested", cadence: "daily", reason: "nudge-cap" },
    ],
    [
      "an outranked nudge joins the digest",
      { nudge: OUTRANKED },
      { kind: "digested", cadence: "hourly", reason: "nudge-cap" },
    ],
    [
      "a nudge that waits for its own digest is not outranked",
      { nudge: OUTRANKED, emailKind: "digest" },
      { kind: "digested", cadence: "hourly", reason: null },
    ],
    [
      "in the app only what stops counts",
      { ...inApp, frequency: "none", isUnsubscribed: true, quiet: NIGHT, letThrough: 99, nudge: CAPPED },
      { kind: "now", reason: null },
    ],
    ["muted in the app", { ...inApp, preferences: MUTED }, { kind: "skipped", reason: "muted" }],
  ])("%s", (_, change, decision) => {
    expect(decided(change)).toEqual(decision);
  });
});

const anyPreference: fc.Arbitrary<Preference> = fc
  .record({
    scope: fc.constantFrom(
      ["global", null],
      ["project", "1"],
      ["project", "9"],
      ["thread", "2"],
      ["thread", "9"],
    ),
    eventType: fc.constantFrom("*", "invite_accepted", "document_uploaded"),
    channel: fc.constantFrom("*", "email", "in_app"),
    status: fc.constantFrom("muted", "digest", "immediate"),
  })
  .map(({ scope, ...rest }) => ({ ...rest, scopeType: scope[0], scopeId: scope[1] }) as Preference);

const keyOf = (p: Preference) => [p.scopeType, p.scopeId, p.eventType, p.channel].join();

/** No two for the same thing, as in the database. */
const anyPreferences = fc.uniqueArray(anyPreference, { selector: keyOf, maxLength: 12 });

const anyFacts: fc.Arbitrary<NotifyFacts> = fc.record({
  channel: fc.constantFrom("email", "in_app"),
  eventType: fc.constant("invite_accepted"),
  projectId: fc.constantFrom("1", null),
  threadId: fc.constantFrom("2", null),
  isActor: fc.boolean(),
  mayAccess: fc.boolean(),
  hasAddress: fc.boolean(),
  isSuppressed: fc.boolean(),
  isMustSend: fc.boolean(),
  preferences: anyPreferences,
  isUnsubscribed: fc.boolean(),
  staleReason: fc.constantFrom(null, "read-meanwhile", "overtaken"),
  frequency: fc.constantFrom("immediate", "hourly", "daily", "weekly", "none"),
  emailKind: fc.constantFrom("immediate", "digest", "weekly"),
  quiet: fc.option(fc.record({ from: fc.nat(1439), to: fc.nat(1439) })),
  timeZone: fc.constantFrom("America/Los_Angeles", "Europe/Berlin"),
  letThrough: fc.nat(12),
  letThroughLimit: fc.constant(10),
  nudge: fc.option(
    fc.record({
      candidate: fc.constant(NUDGE.candidate),
      waiting: fc.subarray([...OUTRANKED.waiting]),
      counts: fc.record({ today: fc.nat(2), week: fc.nat(4) }),
      policy: fc.constant(NUDGE_CAP_POLICY),
    }),
  ),
  now: fc.date({ min: new Date("2026-01-01"), max: new Date("2026-12-31"), noInvalidDate: true }),
});

/** More is sooner. */
const amount = (decision: NotifyDecision): number => {
  if (decision.kind === "digested") return { weekly: 1, daily: 2, hourly: 3 }[decision.cadence];
  return { skipped: 0, deferred: 4, now: 5 }[decision.kind];
};

describe("whatever the facts", () => {
  it("a decision that is not limited is the same for every other e-mail of the user", () => {
    let unlimited = 0;
    fc.assert(
      fc.property(anyFacts, (given) => {
        const one = { ...given, channel: "email" } as const;
        if (isLimited(one, one.nudge !== null)) return;
        unlimited += 1;
        expect(decideNotification({ ...one, letThrough: 0, nudge: null })).toEqual(decideNotification(one));
      }),
      { numRuns: 2_000 },
    );
    expect(unlimited).toBeGreaterThan(200);
  });

  it("nothing is mailed after an unsubscription but must-send", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const left = { ...facts, channel: "email", isUnsubscribed: true, isMustSend: false } as const;
        expect(decideNotification(left).kind).toBe("skipped");
      }),
    );
  });

  it("adding a mute never sends more", () => {
    fc.assert(
      fc.property(anyFacts, anyPreference, (before, added) => {
        const mute = { ...added, status: "muted" } as const;
        const preferences = [...before.preferences.filter((p) => keyOf(p) !== keyOf(mute)), mute];
        const after = decideNotification({ ...before, preferences });
        expect(amount(after)).toBeLessThanOrEqual(amount(decideNotification(before)));
      }),
      { numRuns: 3_000 },
    );
  });

  it("a mute of everything, without narrower preferences, sends nothing but must-send", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const decision = decideNotification({ ...given, preferences: MUTED });
        expect(amount(decision) === 0 || given.isMustSend).toBe(true);
      }),
    );
  });

  it("a slower frequency never sends more", () => {
    const order = ["immediate", "hourly", "daily", "weekly", "none"] as const;
    fc.assert(
      fc.property(anyFacts, fc.nat(4), fc.nat(4), (given, a, b) => {
        const [fast, slow] = [Math.min(a, b), Math.max(a, b)].map((n) =>
          amount(decideNotification({ ...given, frequency: order[n] as (typeof order)[number] })),
        ) as [number, number];
        expect(slow).toBeLessThanOrEqual(fast);
      }),
      { numRuns: 1_000 },
    );
  });

  it("nothing is due within quiet hours, except must-send", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const decision = decideNotification(given);
        if (decision.kind === "deferred")
          expect(decision.notBefore.getTime()).toBeGreaterThan(given.now.getTime());
      }),
    );
  });
});
