import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isNews,
  nextSyncStep,
  SYNC_POLICY,
  type SyncState,
} from "../../../src/scoring/calendar/calendar-sync.ts";

const now = new Date("2026-03-10T12:00:00Z");
const ago = (ms: number): Date => new Date(now.getTime() - ms);
const never: SyncState = { syncToken: null, pageToken: null, fullSyncStartedAt: null, fullSyncedAt: null };
const DAY_MS = 24 * 3_600_000;

describe("the next step of a sync", () => {
  it("reads everything the first time: a day behind, 90 days ahead", () => {
    expect(nextSyncStep(never, now)).toEqual({
      kind: "full",
      startedAt: now,
      from: new Date("2026-03-09T12:00:00Z"),
      until: new Date("2026-06-08T12:00:00Z"),
      pageToken: null,
    });
  });

  it("reads what has changed, once there is a token, and everything again after seven days", () => {
    const known = { ...never, syncToken: "s", fullSyncedAt: ago(7 * DAY_MS - 1) };
    expect(nextSyncStep(known, now)).toEqual({ kind: "changes", syncToken: "s", pageToken: null });
    expect(nextSyncStep({ ...known, fullSyncedAt: ago(7 * DAY_MS) }, now)).toMatchObject({
      kind: "full",
      startedAt: now,
    });
  });

  it("goes on with what is under way, in the window in which it began", () => {
    const startedAt = ago(3_600_000);
    const reading = {
      ...never,
      syncToken: "old",
      pageToken: "p",
      fullSyncStartedAt: startedAt,
      fullSyncedAt: ago(DAY_MS),
    };
    expect(nextSyncStep(reading, now)).toMatchObject({ kind: "full", startedAt, pageToken: "p" });
    const changes = { ...never, syncToken: "s", pageToken: "p", fullSyncedAt: ago(8 * DAY_MS) };
    expect(nextSyncStep(changes, now)).toEqual({ kind: "changes", syncToken: "s", pageToken: "p" });
  });

  it("begins again what was begun a day ago and never ended", () => {
    const stuck = { ...never, pageToken: "p", fullSyncStartedAt: ago(SYNC_POLICY.fullWithinMs) };
    expect(nextSyncStep(stuck, now)).toMatchObject({ kind: "full", startedAt: now, pageToken: null });
  });

  it("never asks for changes without a token, nor for a window that does not hold the present", () => {
    const instant = fc.option(fc.integer({ min: 0, max: 30 * DAY_MS }).map(ago));
    const state = fc.record({
      syncToken: fc.option(fc.constant("s")),
      pageToken: fc.option(fc.constant("p")),
      fullSyncStartedAt: instant,
      fullSyncedAt: instant,
    });
    fc.assert(
      fc.property(state, (drawn) => {
        const step = nextSyncStep(drawn, now);
        if (step.kind === "changes") expect(drawn.syncToken).toBe(step.syncToken);
        else {
          expect(step.from < now && now < step.until).toBe(true);
          expect(step.pageToken === null || drawn.fullSyncStartedAt !== null).toBe(true);
        }
      }),
    );
  });
});

describe("news", () => {
  it("is what was changed since the last sync, clocks allowed for; nothing before the first one", () => {
    const last = ago(3_600_000);
    expect(isNews(now, null)).toBe(false);
    expect(isNews(now, last)).toBe(true);
    expect(isNews(new Date(last.getTime() - SYNC_POLICY.newsOverlapMs), last)).toBe(true);
    expect(isNews(new Date(last.getTime() - SYNC_POLICY.newsOverlapMs - 1), last)).toBe(false);
  });
});
