import { expect, it } from "vitest";
import { type DigestHabits, nextDigest } from "../../src/email/next-digest.ts";
import { DEFAULT_TIMES } from "../../src/email/render/windows.ts";

/** Monday. */
const DECIDED = new Date("2026-03-02T09:20:00Z");
const UTC: DigestHabits = { zone: "UTC", quiet: null, times: DEFAULT_TIMES, had: [] };

const next = (
  cadence: "hourly" | "daily" | "weekly",
  now: string,
  habits: Partial<DigestHabits> = {},
): string | undefined => nextDigest(cadence, DECIDED, { ...UTC, ...habits }, new Date(now))?.toISOString();

it("is the first window that opens after the decision, in the zone of the user and outside quiet hours", () => {
  expect(next("hourly", "2026-03-02T09:30:00Z")).toBe("2026-03-02T10:00:00.000Z");
  expect(next("hourly", "2026-03-02T19:10:00Z")).toBe("2026-03-03T06:00:00.000Z");
  expect(next("daily", "2026-03-02T09:30:00Z")).toBe("2026-03-03T08:00:00.000Z");
  expect(next("daily", "2026-03-02T09:30:00Z", { zone: "Asia/Tokyo" })).toBe("2026-03-02T23:00:00.000Z");
  expect(next("weekly", "2026-03-02T09:30:00Z")).toBe("2026-03-09T08:00:00.000Z");
  const quiet = { from: 20 * 60, to: 19 * 60 + 30 };
  expect(next("hourly", "2026-03-02T09:30:00Z", { quiet })).toBe("2026-03-02T19:30:00.000Z");
});

it("is the window that is open, unless it has had its digest", () => {
  const now = "2026-03-02T10:20:00Z";
  expect(next("hourly", now)).toBe("2026-03-02T10:00:00.000Z");
  const had = [new Date("2026-03-02T10:00:00Z")];
  expect(next("hourly", now, { had })).toBe("2026-03-02T11:00:00.000Z");
});
