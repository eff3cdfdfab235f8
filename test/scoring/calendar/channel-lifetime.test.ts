import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANNEL_POLICY, renewalDue } from "../../../src/scoring/calendar/channel-lifetime.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const created = new Date("2026-03-01T00:00:00Z");
const dueAfter = (lifetimeMs: number): number =>
  renewalDue(created, new Date(created.getTime() + lifetimeMs)).getTime() - created.getTime();

describe("the renewal of a channel", () => {
  it("is due 48 hours before the end of seven days", () => {
    expect(dueAfter(CHANNEL_POLICY.lifetimeMs)).toBe(5 * DAY_MS);
  });

  it("is due a quarter of the lifetime before the end where that is more", () => {
    expect(dueAfter(30 * DAY_MS)).toBe(22.5 * DAY_MS);
    expect(dueAfter(8 * DAY_MS)).toBe(6 * DAY_MS);
  });

  it("is due at once where the lifetime is at most 48 hours", () => {
    expect(dueAfter(48 * HOUR_MS)).toBe(0);
    expect(dueAfter(HOUR_MS)).toBe(0);
    expect(dueAfter(-HOUR_MS)).toBe(0);
  });

  it("leaves at least 48 hours and a quarter of the lifetime, and is never before the creation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * DAY_MS }), (lifetimeMs) => {
        const due = dueAfter(lifetimeMs);
        expect(due).toBeGreaterThanOrEqual(0);
        expect(lifetimeMs - due).toBeGreaterThanOrEqual(Math.min(lifetimeMs, 48 * HOUR_MS));
        expect(lifetimeMs - due).toBeGreaterThanOrEqual(Math.floor(lifetimeMs / 4));
      }),
    );
  });
});
