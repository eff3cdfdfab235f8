import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BudgetPeriod,
  firstWholePeriod,
  lastClosedPeriod,
  periodAfter,
  periodAt,
  periodOfDay,
} from "../../src/rewards/budget-periods.ts";
import { transitions } from "../support/transitions.ts";

const HOUR_MS = 3_600_000;
const hours = ({ startAt, endAt }: BudgetPeriod): number => (endAt.getTime() - startAt.getTime()) / HOUR_MS;
const closed = (type: BudgetPeriod["type"], zone: string, now: string) =>
  lastClosedPeriod(type, zone, new Date(now));

describe("budget periods", () => {
  it("defect 5: the run on the 1st at 00:00 pays the closed month, not the one that has just begun", () => {
    expect(closed("monthly", "UTC", "2026-03-01T00:00:00Z")).toEqual({
      type: "monthly",
      start: "2026-02-01",
      startAt: new Date("2026-02-01T00:00:00Z"),
      endAt: new Date("2026-03-01T00:00:00Z"),
    });
    expect(closed("monthly", "UTC", "2026-02-28T23:59:59.999Z").start).toBe("2026-01-01");
  });

  it("defect 5: daily and weekly periods include their last hour", () => {
    expect(closed("daily", "UTC", "2026-03-02T00:00:00Z").endAt).toEqual(new Date("2026-03-02T00:00:00Z"));
    expect(closed("weekly", "UTC", "2026-03-01T00:00:00Z")).toMatchObject({
      start: "2026-02-22",
      endAt: new Date("2026-03-01T00:00:00Z"),
    });
  });

  it("closes budget weeks at Sunday 00:00, also on a Sunday", () => {
    // 2026-03-01 is a Sunday.
    expect(closed("weekly", "Europe/Berlin", "2026-02-28T22:59:59Z").start).toBe("2026-02-15");
    expect(closed("weekly", "Europe/Berlin", "2026-02-28T23:00:00Z").start).toBe("2026-02-22");
    expect(closed("weekly", "America/New_York", "2026-03-01T04:59:59Z").start).toBe("2026-02-15");
    expect(closed("weekly", "America/New_York", "2026-03-01T05:00:00Z").start).toBe("2026-02-22");
  });

  it("has a day of 23 hours when the clocks go forward and one of 25 when they go back", () => {
    expect(hours(periodOfDay("daily", "Europe/Berlin", "2026-03-29"))).toBe(23);
    expect(hours(periodOfDay("daily", "Europe/Berlin", "2026-10-25"))).toBe(25);
    expect(hours(periodOfDay("daily", "America/New_York", "2026-03-08"))).toBe(23);
    expect(hours(periodOfDay("daily", "America/New_York", "2026-11-01"))).toBe(25);
    expect(hours(periodOfDay("weekly", "Europe/Berlin", "2026-03-29"))).toBe(7 * 24 - 1);
    expect(hours(periodOfDay("weekly", "Europe/Berlin", "2026-10-25"))).toBe(7 * 24 + 1);
    expect(hours(periodOfDay("monthly", "Europe/Berlin", "2026-03-15"))).toBe(31 * 24 - 1);
    expect(hours(periodOfDay("monthly", "Europe/Berlin", "2026-10-15"))).toBe(31 * 24 + 1);
  });

  it("starts a day without a midnight with its first instant", () => {
    // In Cairo the clocks skip from 24:00 to 01:00 on the last Friday of April.
    const day = periodOfDay("daily", "Africa/Cairo", "2026-04-24");
    expect(day.startAt).toEqual(new Date("2026-04-23T22:00:00Z"));
    expect(periodOfDay("daily", "Africa/Cairo", "2026-04-23").endAt).toEqual(day.startAt);
    expect(hours(day)).toBe(23);
  });

  it("starts a day whose midnight comes twice with the first of them, from whichever side it is asked", () => {
    // In Havana the clocks go back from 01:00 to 00:00, in the Azores too.
    for (const [zone, date, startAt] of [
      ["America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"],
      ["Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00Z"],
    ] as const) {
      const day = periodOfDay("daily", zone, date);
      expect(day.startAt).toEqual(new Date(startAt));
      expect(hours(day)).toBe(25);
      for (const hour of [0, 1, 2, 24])
        expect(periodAt("daily", zone, new Date(day.startAt.getTime() + hour * HOUR_MS))).toEqual(day);
      expect(lastClosedPeriod("daily", zone, day.startAt).endAt).toEqual(day.startAt);
    }
  });

  it("has one beginning for every day, at every transition of three years in every zone", () => {
    for (const zone of Intl.supportedValuesOf("timeZone"))
      for (const at of transitions(zone, Date.UTC(2026, 0, 1), Date.UTC(2029, 0, 1))) {
        const before = periodAt("daily", zone, new Date(at - 1));
        for (const period of [
          before,
          periodAfter(before, zone),
          periodAfter(periodAfter(before, zone), zone),
        ]) {
          expect(periodOfDay("daily", zone, period.start), `${zone} ${period.start}`).toEqual(period);
          expect(periodAt("daily", zone, period.startAt)).toEqual(period);
          expect(periodAt("daily", zone, new Date(period.endAt.getTime() - 1))).toEqual(period);
          expect(periodAfter(period, zone).startAt).toEqual(period.endAt);
          expect(hours(period)).toBeGreaterThanOrEqual(22);
          expect(hours(period)).toBeLessThanOrEqual(26);
        }
      }
  });

  it("starts with the first whole period at or after an instant", () => {
    expect(firstWholePeriod("monthly", "UTC", new Date("2026-03-01T00:00:00Z")).start).toBe("2026-03-01");
    expect(firstWholePeriod("monthly", "UTC", new Date("2026-03-01T00:00:00.001Z")).start).toBe("2026-04-01");
    expect(firstWholePeriod("weekly", "UTC", new Date("2026-03-03T00:00:00Z")).start).toBe("2026-03-08");
  });

  it("refuses an unknown zone and an invalid day", () => {
    expect(() => periodAt("daily", "Europe/Atlantis", new Date())).toThrow(RangeError);
    expect(() => periodOfDay("daily", "UTC", "2026-02-30")).toThrow(RangeError);
  });

  it("leaves no gap and no overlap, whatever the zone", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Asia/Kolkata",
      "Australia/Lord_Howe",
      "Pacific/Kiritimati",
      "Africa/Cairo",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom("daily" as const, "weekly" as const, "monthly" as const),
        fc.constantFrom(...zones),
        fc.date({ min: new Date("2015-01-01"), max: new Date("2035-01-01"), noInvalidDate: true }),
        (type, zone, at) => {
          const period = periodAt(type, zone, at);
          expect(period.startAt <= at && at < period.endAt).toBe(true);
          const next = periodAfter(period, zone);
          expect(next.startAt).toEqual(period.endAt);
          expect(periodOfDay(type, zone, period.start)).toEqual(period);
          expect(lastClosedPeriod(type, zone, period.endAt)).toEqual(period);
          expect(next.start > period.start).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
