import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  endOfQuiet,
  isQuiet,
  isTimeZone,
  latestDayBegun,
  localDay,
  localMinute,
  startOfLocalDay,
  timeOfLocalDay,
} from "../../src/scoring/local-time.ts";
import { kindsOfTransitions } from "../support/transitions.ts";

const PACIFIC = "America/Los_Angeles";
const NIGHT = { from: 22 * 60, to: 7 * 60 };

describe("localMinute", () => {
  it.each([
    ["2026-03-08T09:59:59Z", PACIFIC, 1 * 60 + 59],
    ["2026-03-08T10:00:00Z", PACIFIC, 3 * 60],
    ["2026-11-01T08:30:00Z", PACIFIC, 1 * 60 + 30],
    ["2026-11-01T09:30:00Z", PACIFIC, 1 * 60 + 30],
    ["2026-06-01T00:00:00Z", "Asia/Kathmandu", 5 * 60 + 45],
    ["2026-06-01T00:00:00Z", "UTC", 0],
  ])("%s in %s is minute %i", (at, zone, minute) => {
    expect(localMinute(new Date(at), zone)).toBe(minute);
  });

  it("rejects unknown zones", () => {
    expect(isTimeZone(PACIFIC)).toBe(true);
    expect(isTimeZone("America/Nowhere")).toBe(false);
    expect(() => localMinute(new Date(), "America/Nowhere")).toThrow(RangeError);
  });
});

describe("endOfQuiet", () => {
  it.each([
    ["an evening", "2026-06-02T06:00:00Z", NIGHT, "2026-06-02T14:00:00.000Z"],
    ["the last quiet minute", "2026-06-02T13:59:59Z", NIGHT, "2026-06-02T14:00:00.000Z"],
    ["the minute they end", "2026-06-02T14:00:00Z", NIGHT, null],
    ["the minute before they begin", "2026-06-02T04:59:59Z", NIGHT, null],
    ["the night of 23 hours", "2026-03-08T07:00:00Z", NIGHT, "2026-03-08T14:00:00.000Z"],
    ["the night of 25 hours", "2026-11-01T06:00:00Z", NIGHT, "2026-11-01T15:00:00.000Z"],
    [
      "an end that the clock skips",
      "2026-03-08T07:00:00Z",
      { from: 1320, to: 150 },
      "2026-03-08T10:00:00.000Z",
    ],
    ["a siesta", "2026-06-02T20:30:00Z", { from: 780, to: 900 }, "2026-06-02T22:00:00.000Z"],
    ["hours of no length", "2026-06-02T06:00:00Z", { from: 600, to: 600 }, null],
  ])("%s", (_, at, quiet, end) => {
    expect(endOfQuiet(new Date(at), quiet, PACIFIC)?.toISOString() ?? null).toBe(end);
  });

  it("is on the next day if the clock skips all minutes that are not quiet", () => {
    // In Cairo 2026-04-24 begins at 01:00.
    const quiet = { from: 1, to: 0 };
    const end = endOfQuiet(new Date("2026-04-22T22:01:00Z"), quiet, "Africa/Cairo");
    expect(end?.toISOString()).toBe("2026-04-24T21:00:00.000Z");
    const short = { from: 160, to: 135 };
    const lordHowe = endOfQuiet(new Date("2026-10-03T14:00:00Z"), short, "Australia/Lord_Howe");
    expect(isQuiet(lordHowe as Date, short, "Australia/Lord_Howe")).toBe(false);
  });

  it("is the first minute that is not quiet, on any day in any zone", () => {
    const zone = fc.constantFrom(
      PACIFIC,
      "Europe/Berlin",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "America/St_Johns",
      "Africa/Cairo",
      "UTC",
    );
    // Half of them near clock changes.
    const at = fc.oneof(
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
      fc
        .constantFrom(
          Date.UTC(2026, 2, 8, 10),
          Date.UTC(2026, 10, 1, 9),
          Date.UTC(2026, 2, 29, 1),
          Date.UTC(2026, 9, 25, 1),
          Date.UTC(2026, 3, 4, 15),
          Date.UTC(2026, 9, 3, 15, 30),
          Date.UTC(2026, 3, 23, 22),
          Date.UTC(2026, 9, 29, 21),
        )
        .chain((change) => fc.integer({ min: change - 86_400_000, max: change + 86_400_000 })),
    );
    const minute = fc.integer({ min: 0, max: 1439 });
    fc.assert(
      fc.property(at, zone, minute, minute, (atMs, timeZone, from, to) => {
        const quiet = { from, to };
        const end = endOfQuiet(new Date(atMs), quiet, timeZone);
        if (!isQuiet(new Date(atMs), quiet, timeZone)) {
          expect(end).toBeNull();
          return;
        }
        const endMs = end?.getTime() ?? 0;
        expect(endMs).toBeGreaterThan(atMs);
        // Two days, if the clock skips all minutes of the first one that are not quiet.
        expect(endMs - atMs).toBeLessThanOrEqual(49 * 3_600_000);
        expect(isQuiet(new Date(endMs), quiet, timeZone)).toBe(false);
        for (let ms = atMs; ms < endMs; ms += 10 * 60_000)
          expect(isQuiet(new Date(ms), quiet, timeZone)).toBe(true);
        expect(isQuiet(new Date(endMs - 1_000), quiet, timeZone)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });
});

describe("latestDayBegun", () => {
  it("is the local day, around every clock change of three years and on any day", () => {
    const changes = kindsOfTransitions(Date.UTC(2026, 0, 1), Date.UTC(2029, 0, 1));
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        fc.oneof(
          fc.integer({ min: -36 * 60, max: 36 * 60 }),
          fc.integer({ min: -500 * 24 * 60, max: 500 * 24 * 60 }),
        ),
        ({ zone, at }, minutes) => {
          const instant = new Date(at + minutes * 60_000);
          expect(latestDayBegun(instant, zone)).toBe(localDay(instant, zone));
          const start = startOfLocalDay(latestDayBegun(instant, zone), zone);
          expect(latestDayBegun(start, zone)).toBe(latestDayBegun(instant, zone));
          expect(latestDayBegun(new Date(start.getTime() - 1), zone)).toBeLessThan(
            latestDayBegun(instant, zone),
          );
        },
      ),
      { numRuns: 600 },
    );
  });

  it("does not return to the day before while the clock is put back over midnight", () => {
    // In St. John's the clock went from 00:01 back to 23:01 in the autumn of 2010.
    const day = Date.parse("2010-11-07") / 86_400_000;
    const at = (time: string) => new Date(`2010-11-07T${time}Z`);
    expect(localDay(at("02:30:30"), "America/St_Johns")).toBe(day);
    expect(localDay(at("02:45:00"), "America/St_Johns")).toBe(day - 1);
    expect(latestDayBegun(at("02:29:59"), "America/St_Johns")).toBe(day - 1);
    for (const time of ["02:30:00", "02:45:00", "03:29:59", "03:30:00"])
      expect(latestDayBegun(at(time), "America/St_Johns")).toBe(day);
  });

  it("leaves out a day that the clock skips, and rejects unknown zones", () => {
    // Samoa skipped 2011-12-30.
    const day = Date.parse("2011-12-31") / 86_400_000;
    expect(latestDayBegun(new Date("2011-12-30T09:59:59Z"), "Pacific/Apia")).toBe(day - 2);
    expect(latestDayBegun(new Date("2011-12-30T10:00:00Z"), "Pacific/Apia")).toBe(day);
    expect(() => latestDayBegun(new Date(), "America/Nowhere")).toThrow(RangeError);
  });
});

describe("timeOfLocalDay", () => {
  it.each([
    ["is there once", PACIFIC, "2026-06-01", 8 * 60, "2026-06-01T15:00:00.000Z"],
    ["is there twice", PACIFIC, "2026-11-01", 90, "2026-11-01T08:30:00.000Z"],
    ["is skipped", PACIFIC, "2026-03-08", 150, "2026-03-08T10:00:00.000Z"],
    ["comes after a change", PACIFIC, "2026-11-01", 150, "2026-11-01T10:30:00.000Z"],
    ["is a midnight that is there twice", "America/Havana", "2026-11-01", 0, "2026-11-01T04:00:00.000Z"],
    ["is skipped with midnight", "America/Havana", "2026-03-08", 30, "2026-03-08T05:00:00.000Z"],
  ])("a time that %s", (_name, zone, date, minute, at) => {
    const day = Date.parse(date) / 86_400_000;
    expect(timeOfLocalDay(day, minute, zone).toISOString()).toBe(at);
  });

  it("is the first instant of the day with that time or a later one, around every clock change of three years", () => {
    const changes = kindsOfTransitions(Date.UTC(2026, 0, 1), Date.UTC(2029, 0, 1));
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        fc.constantFrom(-1, 0, 1),
        fc.nat(1_439),
        ({ zone, at }, days, minute) => {
          const day = localDay(new Date(at), zone) + days;
          let ms = startOfLocalDay(day, zone).getTime();
          while (localMinute(new Date(ms), zone) < minute && localDay(new Date(ms), zone) === day)
            ms += 60_000;
          expect(timeOfLocalDay(day, minute, zone)).toEqual(new Date(ms));
        },
      ),
      { numRuns: 300 },
    );
  });
});
