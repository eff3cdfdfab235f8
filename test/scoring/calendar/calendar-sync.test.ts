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
  it("is a full sync the first time, from a day ago to 90 days ahead", () => {
    expect(nextSyncStep(never, now)).toEqual({
      kind: "full",
      startedAt: now,
      from: new Date("2026-03-09T12:00:00Z"),
      until: new Date("2026-06-08T12:00:00Z"),
      pageToken: null,
    });
  });

  it("is the changes once there is a token, and a full sync again after seven days", () => {
    const known = { ...never, syncToken: "s", fullSyncedAt: ago(7 * DAY_MS - 1) };
    expect(nextSyncStep(known, now)).toEqual({ kind: "changes", syncToken: "s", pageToken: null });
    expect(nextSyncStep({ ...known, fullSyncedAt: ago(7 * DAY_MS) }, now)).toMatchObject({
      kind: "full",
      startedAt: now,
    });
  });

  it("continues what is in progress, in the window in which it started", () => {
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

  it("starts over a full sync that has not ended after a day", () => {
    const stuck = { ...never, pageToken: "p", fullSyncStartedAt: ago(SYNC_POLICY.fullWithinMs) };
    expect(nextSyncStep(stuck, now)).toMatchObject({ kind: "full", startedAt: now, pageToken: null });
  });

  it("never requests changes without a token, nor a window without the present", () => {
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

describe("isNews", () => {
  it("is true for changes since the last sync, with a tolerance, and false before the first sync", () => {
    const last = ago(3_600_000);
    expect(isNews(now, null)).toBe(false);
    expect(isNews(now, last)).toBe(true);
    expect(isNews(new Date(last.getTime() - SYNC_POLICY.newsOverlapMs), last)).toBe(true);
    expect(isNews(new Date(last.getTime() - SYNC_POLICY.newsOverlapMs - 1), last)).toBe(false);
  });

  it("never turns false for a later change, nor true for a later sync", () => {
    const instant = fc.integer({ min: 0, max: 2 * DAY_MS }).map(ago);
    const later = fc.integer({ min: 0, max: DAY_MS });
    fc.assert(
      fc.property(instant, instant, later, (changedAt, syncedAt, ms) => {
        const shifted = (at: Date) => new Date(at.getTime() + ms);
        if (isNews(changedAt, syncedAt)) expect(isNews(shifted(changedAt), syncedAt)).toBe(true);
        else expect(isNews(changedAt, shifted(syncedAt))).toBe(false);
        expect(isNews(changedAt, syncedAt)).toBe(
          changedAt.getTime() >= syncedAt.getTime() - SYNC_POLICY.newsOverlapMs,
        );
      }),
    );
  });
});
