import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countNudges,
  decideNudgeDigest,
  decideNudges,
  NUDGE_CAP_POLICY,
  NUDGE_KINDS,
  type NudgeCandidate,
  nudgeRoom,
} from "../../../src/scoring/notifications/nudge-cap.ts";

const NOW = new Date("2026-03-08T18:00:00Z");
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const facts = (hours: readonly number[], timeZone = "America/Los_Angeles") => ({
  timeZone,
  countedAt: hours.map(hoursAgo),
});
const counts = (hours: readonly number[]) => countNudges(facts(hours), NOW);
const ask = (...kinds: NudgeCandidate["kind"][]): NudgeCandidate[] =>
  kinds.map((kind, n) => ({ id: String(n + 1), kind }));

describe("nudgeRoom", () => {
  it.each([
    [[], 1, "nudge-cap-day"],
    [[1], 0, "nudge-cap-day"],
    // 23:30 of the day before in Los Angeles, on the day on which an hour is skipped.
    [[10.5], 1, "nudge-cap-day"],
    [[9.5], 0, "nudge-cap-day"],
    [[30, 60], 1, "nudge-cap-day"],
    [[30, 60, 90], 0, "nudge-cap-week"],
    [[30, 60, 7 * 24 + 1], 1, "nudge-cap-day"],
  ])("with nudges %j hours ago %i may be sent (%s)", (hours, left, reason) => {
    expect(nudgeRoom(countNudges(facts(hours), NOW), NUDGE_CAP_POLICY)).toEqual({ left, reason });
  });

  it.each([
    // Days of 23 and of 25 hours, from midnight to midnight.
    ["America/Los_Angeles", "2026-03-08T08:00:00Z", "2026-03-09T06:59:00Z", "2026-03-09T07:00:00Z"],
    ["America/Los_Angeles", "2026-11-01T07:00:00Z", "2026-11-02T07:59:00Z", "2026-11-02T08:00:00Z"],
    ["Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T21:59:00Z", "2026-03-29T22:00:00Z"],
    ["Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z"],
  ])("%s: after one at %s there is none until %s, and one from %s on", (timeZone, sent, last, next) => {
    const counted = { timeZone, countedAt: [new Date(sent)] };
    expect(nudgeRoom(countNudges(counted, new Date(last)), NUDGE_CAP_POLICY).left).toBe(0);
    expect(nudgeRoom(countNudges(counted, new Date(next)), NUDGE_CAP_POLICY).left).toBe(1);
  });

  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Honolulu",
  ];

  it("never allows more than one per local day and three in seven, in ten zones over a year", () => {
    const requested = fc
      .array(fc.integer({ min: 0, max: 365 * 24 }), { maxLength: 120 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.constantFrom(...zones), requested, (timeZone, hours) => {
        const countedAt: Date[] = [];
        for (const hour of hours) {
          const now = new Date(Date.UTC(2026, 0, 1, hour));
          if (nudgeRoom(countNudges({ timeZone, countedAt }, now), NUDGE_CAP_POLICY).left > 0)
            countedAt.push(now);
        }
        const days = countedAt.map((at) => at.toLocaleDateString("en-CA", { timeZone }));
        expect(new Set(days).size).toBe(days.length);
        const numbers = days.map((day) => Date.parse(day) / 86_400_000);
        numbers.forEach((day, n) => {
          if (n >= 3) expect(day - numbers[n - 3]!).toBeGreaterThanOrEqual(7);
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe("decideNudges", () => {
  it("sends the kind of the highest priority, and holds the others with a reason", () => {
    expect(decideNudges(ask("profile", "unread", "match"), counts([]), NUDGE_CAP_POLICY)).toEqual([
      { kind: "hold", reason: "nudge-outranked" },
      { kind: "send" },
      { kind: "hold", reason: "nudge-outranked" },
    ]);
    expect(decideNudges(ask("unread"), counts([1]), NUDGE_CAP_POLICY)).toEqual([
      { kind: "hold", reason: "nudge-cap-day" },
    ]);
    expect(decideNudges(ask("unread"), counts([30, 60, 90]), NUDGE_CAP_POLICY)).toEqual([
      { kind: "hold", reason: "nudge-cap-week" },
    ]);
  });

  it("follows the order and the numbers of the policy", () => {
    const policy = { perDay: 2, perWeek: 2, priority: ["profile", "match"] as const };
    expect(
      decideNudges(ask("unread", "match", "profile"), counts([]), policy).map(({ kind }) => kind),
    ).toEqual(["hold", "send", "send"]);
  });

  it("sends as many as are left, never one before another of higher priority, in any order of the input", () => {
    const candidates = fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 1_000 }).map(String),
        kind: fc.constantFrom(...NUDGE_KINDS),
      }),
      { selector: ({ id }) => id, maxLength: 8 },
    );
    const policies = fc.record({
      perDay: fc.integer({ min: 0, max: 4 }),
      perWeek: fc.integer({ min: 0, max: 6 }),
      priority: fc.shuffledSubarray([...NUDGE_KINDS]),
    });
    const earlier = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 4 });
    fc.assert(
      fc.property(candidates, policies, earlier, (requested, policy, hours) => {
        const { left } = nudgeRoom(counts(hours), policy);
        const sent = (list: readonly NudgeCandidate[]) => {
          const verdicts = decideNudges(list, counts(hours), policy);
          return list.filter((_, n) => verdicts[n]?.kind === "send");
        };
        const chosen = sent(requested);
        expect(chosen).toHaveLength(Math.min(left, requested.length));
        const rank = (kind: NudgeCandidate["kind"]) => {
          const index = policy.priority.indexOf(kind);
          return index < 0 ? policy.priority.length : index;
        };
        const held = requested.filter((candidate) => !chosen.includes(candidate));
        for (const { kind } of held)
          expect(chosen.every((other) => rank(other.kind) <= rank(kind))).toBe(true);
        const ids = (list: readonly NudgeCandidate[]) => list.map(({ id }) => id).sort();
        expect(ids(sent([...requested].reverse()))).toEqual(ids(chosen));
      }),
    );
  });
});

describe("decideNudgeDigest", () => {
  it("does not count nudges in a digest with other notifications", () => {
    expect(decideNudgeDigest({ nudges: 5, others: 1 }, counts([1, 30, 60, 90]), NUDGE_CAP_POLICY)).toEqual({
      kind: "send",
      counts: false,
    });
  });

  it("counts a digest of nothing but nudges as one e-mail, or holds all of them", () => {
    expect(decideNudgeDigest({ nudges: 5, others: 0 }, counts([]), NUDGE_CAP_POLICY)).toEqual({
      kind: "send",
      counts: true,
    });
    expect(decideNudgeDigest({ nudges: 5, others: 0 }, counts([1]), NUDGE_CAP_POLICY)).toEqual({
      kind: "hold",
      reason: "nudge-cap-day",
      counts: false,
    });
  });
});
