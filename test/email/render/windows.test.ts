import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { digestWindow } from "../../../src/email/render/windows.ts";
import { isQuiet, localMinute } from "../../../src/scoring/local-time.ts";
import { size } from "../../support/sizes.ts";

const HOUR_MS = 3_600_000;
/** How often the jobs of digests run. */
const TICK_MS = HOUR_MS / 4;
const PACIFIC = "America/Los_Angeles";

/** Runs of the schedule from noon to noon. */
function ticks(from: string, to: string, everyMs = TICK_MS): Date[] {
  const all: Date[] = [];
  for (let at = Date.parse(`${from}T12:00Z`); at < Date.parse(`${to}T12:00Z`); at += everyMs)
    all.push(new Date(at));
  return all;
}

/** The full hours of a year, at which windows open in a zone that differs from UTC by full hours. */
const YEAR = ticks("2026-01-01", "2027-01-01", HOUR_MS);
/** The weeks with a clock change in some zone. */
const CHANGES = [
  ...ticks("2026-03-05", "2026-04-07"),
  ...ticks("2026-10-01", "2026-10-08"),
  ...ticks("2026-10-22", "2026-11-04"),
];

/** The windows that these runs find, each once, by local day. */
function windowsByDay(
  kind: "hourly" | "daily" | "weekly",
  zone: string,
  when: readonly Date[],
): Map<string, Date[]> {
  const found = new Map<string, Date[]>();
  const seen = new Set<number>();
  for (const tick of when) {
    const window = digestWindow(kind, zone, tick);
    if (window === null || seen.has(window.start.getTime())) continue;
    seen.add(window.start.getTime());
    const day = DateTime.fromJSDate(tick, { zone }).toISODate()!;
    found.set(day, [...(found.get(day) ?? []), tick]);
  }
  return found;
}

describe("windows and quiet hours", () => {
  const anyQuiet = fc.record({ from: fc.nat(1439), to: fc.nat(1439) });
  const zones = [PACIFIC, "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana"];
  const weeks = ticks("2026-03-26", "2026-04-09");

  it.each(["hourly", "daily", "weekly"] as const)(
    "a %s window opens every day (or week), whatever the quiet hours, and only outside of them or as they end",
    (cadence) => {
      fc.assert(
        fc.property(fc.constantFrom(...zones), anyQuiet, (zone, quiet) => {
          const opened = new Map<number, Date>();
          for (const tick of weeks) {
            const window = digestWindow(cadence, zone, tick, quiet);
            if (window === null) continue;
            expect(window.start.getTime()).toBeLessThanOrEqual(tick.getTime());
            if (!opened.has(window.start.getTime())) opened.set(window.start.getTime(), tick);
            const sinceQuiet = (minuteOf(tick, zone) - quiet.to + 1_440) % 1_440;
            if (isQuiet(tick, quiet, zone)) expect(sinceQuiet).toBeLessThan(120);
          }
          const days = new Set([...opened.values()].map((at) => dayOf(at, zone)));
          const weeksSeen = new Set([...opened.keys()].map((at) => weekOf(new Date(at), zone)));
          if (cadence === "weekly") expect(weeksSeen.size).toBeGreaterThanOrEqual(2);
          else expect(days.size).toBeGreaterThanOrEqual(13);
        }),
        { numRuns: size(3, 50) },
      );
    },
  );
});

const minuteOf = (at: Date, zone: string): number => localMinute(at, zone);
const dayOf = (at: Date, zone: string): string => DateTime.fromJSDate(at, { zone }).toISODate()!;
const weekOf = (at: Date, zone: string): string => DateTime.fromJSDate(at, { zone }).toFormat("kkkk-WW");

describe("the hourly windows", () => {
  const expectThirteen = (days: readonly [string, Date[]][], zone: string) => {
    for (const [day, opened] of days) {
      const hours = opened.map((at) => DateTime.fromJSDate(at, { zone }).hour);
      expect([day, ...hours]).toEqual([day, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    }
  };

  it("are 13 on every day of a year in Los Angeles, also on days with a clock change, and never at night", () => {
    const days = windowsByDay("hourly", PACIFIC, YEAR);
    const whole = [...days].slice(1, -1);
    expect(whole).toHaveLength(363);
    expectThirteen(whole, PACIFIC);
    expect(days.get("2026-03-08")).toHaveLength(13);
    expect(days.get("2026-11-01")).toHaveLength(13);
  });

  it.each(["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])(
    "are 13 a day in %s around clock changes",
    (zone) => {
      const edges = new Set([
        "2026-03-05",
        "2026-04-07",
        "2026-10-01",
        "2026-10-08",
        "2026-10-22",
        "2026-11-04",
      ]);
      const days = [...windowsByDay("hourly", zone, CHANGES)].filter(([day]) => !edges.has(day));
      expect(days.length).toBeGreaterThan(45);
      expectThirteen(days, zone);
    },
  );
});

it("the daily window opens at 8:00 on every day, whatever its length", () => {
  const days = [...windowsByDay("daily", PACIFIC, YEAR)].slice(1, -1);
  expect(days.length).toBeGreaterThan(360);
  for (const [, [at]] of days)
    expect(DateTime.fromJSDate(at!, { zone: PACIFIC }).toFormat("HH:mm")).toBe("08:00");
});

it("the weekly window opens on Monday at 8:00, and again on the other days", () => {
  const days = [...windowsByDay("weekly", PACIFIC, YEAR)].slice(1);
  expect(days).toHaveLength(52);
  for (const [, [at]] of days)
    expect(DateTime.fromJSDate(at!, { zone: PACIFIC }).toFormat("ccc HH:mm")).toBe("Mon 08:00");
  const monday = digestWindow("weekly", PACIFIC, new Date("2026-06-01T16:00:00Z"))!;
  expect(digestWindow("weekly", PACIFIC, new Date("2026-06-04T20:00:00Z"))!.start).toEqual(monday.start);
});

it("a window contains its instant, and never one before 6:00 or after 19:00", () => {
  const instant = fc.date({ min: new Date("2025-01-01"), max: new Date("2028-01-01"), noInvalidDate: true });
  const kinds = fc.constantFrom("hourly", "daily", "weekly" as const);
  const zones = fc.constantFrom(PACIFIC, "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo");
  fc.assert(
    fc.property(kinds, zones, instant, (kind, zone, at) => {
      const window = digestWindow(kind as "hourly", zone, at);
      const { hour } = DateTime.fromJSDate(at, { zone });
      if (window === null) {
        expect(hour < 8 || hour >= 19).toBe(true);
        return;
      }
      expect(window.start.getTime()).toBeLessThanOrEqual(at.getTime());
      expect(at.getTime()).toBeLessThan(window.end.getTime());
      expect(hour >= 6 && hour < 19).toBe(true);
    }),
  );
});

it("refuses an unknown zone", () => {
  expect(() => digestWindow("hourly", "Mars/Olympus", new Date())).toThrow(RangeError);
});
