import { describe, expect, it } from "vitest";
import { nextSlotsOfTheDay } from "../../src/schedules/slots-of-the-day.ts";
import { timetable } from "../../src/schedules/timetable.ts";

describe("the schedules that the log names at start", () => {
  const lines = nextSlotsOfTheDay(timetable, new Date("2026-01-10T18:00:00Z"));

  it("are those that run at most twice a day, with their next slots", () => {
    const next = new Map(lines.map((line) => [line.schedule, line.next]));
    expect(next.get("scrape-job-postings")).toBe("2026-01-11T06:00:00.000Z");
    expect(next.get("generate-recommendations")).toBe("2026-01-11T07:00:00.000Z");
    expect(next.get("cleanup-saved-jobs")).toBe("2026-01-11T00:00:00.000Z");
    expect(next.get("emit-recommendations-ready")).toBe("2026-01-12T05:00:00.000Z");
    expect([...next.keys()]).not.toContain("email-instant");
    expect([...next.keys()]).not.toContain("calculate-matches");
  });

  it("come in the order of their slots", () => {
    const slots = lines.map(({ next }) => next);
    expect(slots).toEqual([...slots].sort());
  });
});
