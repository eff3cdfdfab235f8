import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Misfire } from "../../src/schedules/schedule.ts";
import { chosenSlots, latestSlots, slotsBetween } from "../../src/schedules/slots.ts";
import { size } from "../support/sizes.ts";

describe("slots", () => {
  const LA = "America/Los_Angeles";
  const between = (pattern: string, after: string, until: string) =>
    slotsBetween({ pattern, tz: LA }, new Date(after), new Date(until)).map((slot) =>
      slot.toISOString().slice(0, 16),
    );

  it("of a daily schedule in the hour that is skipped in spring fire once that day, an hour later on the clock", () => {
    expect(between("30 2 * * *", "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z")).toEqual([
      "2026-03-07T10:30",
      "2026-03-08T10:30",
      "2026-03-09T09:30",
    ]);
  });

  it("of a daily schedule in the hour that is repeated in autumn fire once that day", () => {
    expect(between("30 1 * * *", "2026-10-31T00:00:00Z", "2026-11-03T00:00:00Z")).toEqual([
      "2026-10-31T08:30",
      "2026-11-01T08:30",
      "2026-11-02T09:30",
    ]);
  });

  it("of an hourly schedule fire every hour of real time through both changes", () => {
    expect(between("0 * * * *", "2026-03-08T08:30:00Z", "2026-03-08T12:00:00Z")).toHaveLength(4);
    expect(between("0 * * * *", "2026-11-01T06:30:00Z", "2026-11-01T11:00:00Z")).toHaveLength(5);
  });

  it("are the same whether computed at once or one after the other", () => {
    for (const [pattern, from, to] of [
      ["30 2 * * *", "2026-03-06T00:00:00Z", "2026-03-11T00:00:00Z"],
      ["30 1 * * *", "2026-10-30T00:00:00Z", "2026-11-04T00:00:00Z"],
      ["*/15 * * * *", "2026-11-01T07:00:00Z", "2026-11-01T11:00:00Z"],
    ] as const) {
      const schedule = { pattern, tz: LA };
      const atOnce = slotsBetween(schedule, new Date(from), new Date(to));
      const oneByOne: Date[] = [];
      for (let after = new Date(from); ; ) {
        const [next] = slotsBetween(schedule, after, new Date(to));
        if (!next) break;
        oneByOne.push(next);
        after = next;
      }
      expect(oneByOne).toEqual(atOnce);
    }
  });

  it("that a misfire policy runs are found without computing all of a long downtime", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("* * * * *", "*/15 * * * *", "30 2 * * *", "30 1 * * *", "15 4 * * 0", "0 0 1 * *"),
        fc.constantFrom<Misfire>("once", "skip", { backfill: 3 }, { backfill: 30 }),
        fc.date({ min: new Date("2026-02-01"), max: new Date("2026-12-01"), noInvalidDate: true }),
        fc.nat({ max: 40 * 24 }),
        (pattern, misfire, until, hours) => {
          const schedule = { pattern, tz: LA, misfire };
          const after = new Date(until.getTime() - hours * 3_600_000);
          expect(chosenSlots(schedule, latestSlots(schedule, after, until), until)).toEqual(
            chosenSlots(schedule, slotsBetween(schedule, after, until), until),
          );
        },
      ),
      { numRuns: size(60, 1_000) },
    );
  });

  it("are the latest thousand of slightly more than a thousand", () => {
    const schedule = { pattern: "* * * * *", tz: "UTC" };
    const slots = slotsBetween(schedule, new Date("2026-01-31T07:00:00Z"), new Date("2026-02-01T00:00:00Z"));
    expect(slots).toHaveLength(1_000);
    expect(slots[0]).toEqual(new Date("2026-01-31T07:21:00Z"));
    expect(slots.at(-1)).toEqual(new Date("2026-02-01T00:00:00Z"));
  });

  it("are the latest of very many, and none of rare ones is missed", () => {
    const minutes = slotsBetween(
      { pattern: "* * * * *", tz: "UTC" },
      new Date("2025-01-01T00:00:00Z"),
      new Date("2026-01-01T00:00:00Z"),
    );
    expect(minutes.at(-1)).toEqual(new Date("2026-01-01T00:00:00Z"));
    expect(
      chosenSlots({ misfire: { backfill: 3 } }, minutes, new Date()).map((slot) =>
        slot.toISOString().slice(11, 16),
      ),
    ).toEqual(["23:58", "23:59", "00:00"]);
    const january = slotsBetween(
      { pattern: "* * 1 1 *", tz: "UTC" },
      new Date("2024-06-01T00:00:00Z"),
      new Date("2025-12-01T00:00:00Z"),
    );
    expect(january.at(-1)).toEqual(new Date("2025-01-01T23:59:00Z"));
  });
});
