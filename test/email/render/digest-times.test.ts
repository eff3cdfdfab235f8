import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { DEFAULT_TIMES, type DigestTimes, digestWindow } from "../../../src/email/render/windows.ts";
import { size } from "../../support/sizes.ts";
import { kindsOfTransitions } from "../../support/transitions.ts";

const TICK_MS = 15 * 60_000;

/** Zones that change their clocks at different hours, one of them at midnight and one by half an hour. */
const ZONES = [
  "America/Los_Angeles",
  "Europe/Berlin",
  "America/Havana",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
];
/** Each contains clock changes of some of them. */
const DAYS = [
  { from: "2026-03-05T00:00:00Z", days: 8 },
  { from: "2026-03-27T00:00:00Z", days: 12 },
  { from: "2026-10-29T00:00:00Z", days: 8 },
];
const WEEKS = [
  { from: "2026-03-01T00:00:00Z", days: 36 },
  { from: "2026-10-04T00:00:00Z", days: 36 },
];

type Change = Pick<DigestTimes, "hour" | "day"> & { readonly atMs: number };

/**
 * A user with new deliveries at all times who changes the times of digests.
 * @returns when digests are sent.
 */
function sentTo(
  cadence: "daily" | "weekly",
  zone: string,
  { from, days, changes }: { from: string; days: number; changes: readonly Change[] },
): { at: Date; times: DigestTimes }[] {
  const sent: { at: Date; start: Date; times: DigestTimes }[] = [];
  const pending = [...changes].sort((a, b) => a.atMs - b.atMs);
  let times: DigestTimes = DEFAULT_TIMES;
  const endMs = Date.parse(from) + days * 24 * 3_600_000;
  for (let ms = Date.parse(from); ms < endMs; ms += TICK_MS) {
    for (let next = pending[0]; next !== undefined && next.atMs <= ms; next = pending[0]) {
      times = { hour: next.hour, day: next.day, changedAt: new Date(next.atMs) };
      pending.shift();
    }
    const window = digestWindow(cadence, zone, new Date(ms), null, times);
    if (window === null) continue;
    const { start, period } = window;
    if (sent.some((one) => one.start >= period.from && one.start < period.to)) continue;
    if (start <= (sent.at(-1)?.start ?? new Date(0))) continue;
    sent.push({ at: new Date(ms), start, times });
  }
  return sent;
}

const scenario = (spans: readonly { from: string; days: number }[], changesAtMost: number) =>
  fc
    .record({ zone: fc.constantFrom(...ZONES), span: fc.constantFrom(...spans) })
    .chain(({ zone, span: { from, days } }) =>
      fc.record({
        zone: fc.constant(zone),
        from: fc.constant(from),
        days: fc.constant(days),
        changes: fc.array(
          fc.record({
            // Often just before or after an hour.
            atMs: fc
              .tuple(fc.nat(days * 24), fc.constantFrom(-1, 0, 1, 7, 29, 44))
              .map(([hours, minutes]) => Date.parse(from) + (hours * 60 + minutes) * 60_000),
            hour: fc.nat(23),
            day: fc.integer({ min: 1, max: 7 }),
          }),
          { maxLength: changesAtMost },
        ),
      }),
    );

const localOf = (at: Date, zone: string) => DateTime.fromJSDate(at, { zone });

describe("digests of a user who changes their hour and day at random", () => {
  it("daily: one on each local day, neither none nor two", () => {
    fc.assert(
      fc.property(scenario(DAYS, 25), ({ zone, ...span }) => {
        const days = sentTo("daily", zone, span).map(({ at }) => localOf(at, zone).toISODate());
        // Nothing was sent before the first day, so its digest may still come after midnight.
        const first = localOf(new Date(span.from), zone).plus({ days: 2 });
        const expected = Array.from({ length: span.days - 4 }, (_, n) => first.plus({ days: n }).toISODate());
        expect(days.filter((day) => expected.includes(day))).toEqual(expected);
      }),
      { numRuns: size(8, 200) },
    );
  });

  it("weekly: one in each local week, neither none nor two", () => {
    fc.assert(
      fc.property(scenario(WEEKS, 40), ({ zone, ...span }) => {
        const weeks = sentTo("weekly", zone, span).map(({ at }) => localOf(at, zone).toFormat("kkkk-WW"));
        const first = localOf(new Date(span.from), zone).plus({ weeks: 1 }).startOf("week");
        const expected = Array.from({ length: 3 }, (_, n) => first.plus({ weeks: n }).toFormat("kkkk-WW"));
        expect(weeks.filter((week) => expected.includes(week))).toEqual(expected);
      }),
      { numRuns: size(2, 50) },
    );
  });
});

it("issue 14: a local day has one daily window and a week one weekly, at every hour and clock change of three years", () => {
  const changes = kindsOfTransitions(Date.UTC(2026, 0, 1), Date.UTC(2029, 0, 1));
  expect(changes.length).toBeGreaterThan(8);
  for (const { zone, at } of changes)
    for (const hour of [22, 23, 0, 1, 2, 3])
      for (const cadence of ["daily", "weekly"] as const) {
        const times = { hour, day: localOf(new Date(at), zone).weekday, changedAt: null };
        const opened = new Map<string, string>();
        for (let ms = at - 3 * 3_600_000; ms < at + 3 * 3_600_000; ms += TICK_MS) {
          const window = digestWindow(cadence, zone, new Date(ms), null, times);
          if (window === null) continue;
          const { start, period } = window;
          expect(start >= period.from && start < period.to).toBe(true);
          const local = localOf(start, zone);
          const key = cadence === "daily" ? String(local.toISODate()) : local.toFormat("kkkk-WW");
          const found = [start, period.from, period.to].map((one) => one.toISOString()).join();
          expect(opened.get(key) ?? found, `${cadence} at ${hour} in ${zone}`).toBe(found);
          opened.set(key, found);
        }
      }
});

describe("digests of a user who keeps their hour and day", () => {
  it("are sent at that hour, or when the clock goes on if it skips it", () => {
    fc.assert(
      fc.property(
        scenario(WEEKS, 0),
        fc.nat(23),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom("daily" as const, "weekly" as const),
        ({ zone, from, days }, hour, day, cadence) => {
          const sent = sentTo(cadence, zone, {
            from,
            days,
            changes: [{ atMs: Date.parse(from), hour, day }],
          });
          expect(sent.length).toBeGreaterThan(3);
          for (const { at } of sent.slice(1)) {
            const local = localOf(at, zone);
            const wanted = local.startOf("day").set({ hour });
            expect(local.toISO()).toBe(wanted.toISO());
            if (cadence === "weekly") expect(local.weekday).toBe(day);
          }
        },
      ),
      { numRuns: size(2, 50) },
    );
  });

  it.each([
    ["2:00 does not exist in Los Angeles on 8 March", "America/Los_Angeles", 2, "2026-03-08T10:00:00Z"],
    ["0:00 does not exist in Havana on 8 March", "America/Havana", 0, "2026-03-08T05:00:00Z"],
    ["0:00 is there twice in Havana on 1 November", "America/Havana", 0, "2026-11-01T04:00:00Z"],
    ["1:00 is there twice in Los Angeles on 1 November", "America/Los_Angeles", 1, "2026-11-01T08:00:00Z"],
  ])("%s", (_name, zone, hour, start) => {
    const at = new Date(Date.parse(start) + 30 * 60_000);
    const window = digestWindow("daily", zone, at, null, { hour, day: 1, changedAt: null });
    expect(window?.start).toEqual(new Date(start));
  });

  it("at a late hour are made up for after an outage, past midnight too, but not in the night", () => {
    const times = { hour: 23, day: 7, changedAt: null };
    for (const cadence of ["daily", "weekly"] as const) {
      // Sunday, 8 March, 23:00 in Berlin.
      const start = new Date("2026-03-08T22:00:00Z");
      const windowAt = (at: string) => digestWindow(cadence, "Europe/Berlin", new Date(at), null, times);
      expect(windowAt("2026-03-08T22:30:00Z")?.start).toEqual(start);
      expect(windowAt("2026-03-09T00:45:00Z")?.start).toEqual(start);
      expect(windowAt("2026-03-09T01:00:00Z")).toBeNull();
      expect(windowAt("2026-03-09T06:45:00Z")).toBeNull();
      expect(windowAt("2026-03-09T07:00:00Z")?.start).toEqual(cadence === "weekly" ? start : undefined);
    }
  });

  it("wait for the end of quiet hours", () => {
    const times = { hour: 6, day: 1, changedAt: null };
    const windowAt = (at: string) =>
      digestWindow("daily", "UTC", new Date(at), { from: 22 * 60, to: 7 * 60 }, times);
    expect(windowAt("2026-03-02T06:45:00Z")).toBeNull();
    expect(windowAt("2026-03-02T07:00:00Z")?.start).toEqual(new Date("2026-03-02T06:00:00Z"));
    // Quiet hours that cover the whole window: it opens when they end.
    const atNight = { ...times, hour: 23 };
    const wide = { from: 22 * 60, to: 9 * 60 };
    expect(digestWindow("daily", "UTC", new Date("2026-03-02T23:00:00Z"), wide, atNight)).toBeNull();
    expect(digestWindow("daily", "UTC", new Date("2026-03-03T09:00:00Z"), wide, atNight)?.start).toEqual(
      new Date("2026-03-03T09:00:00Z"),
    );
  });
});
