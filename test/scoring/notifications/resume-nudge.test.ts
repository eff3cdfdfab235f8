import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideResumeNudge, resumeStepAt } from "../../../src/scoring/notifications/resume-nudge.ts";

const ANCHOR = new Date("2026-03-01T12:00:00Z");
const DAY_MS = 24 * 3_600_000;
const daysOn = (days: number) => new Date(ANCHOR.getTime() + days * DAY_MS);

describe("resumeStepAt", () => {
  it.each([
    [-1, null],
    [0, null],
    [0.999, null],
    [1, 1],
    [2.999, 1],
    [3, 2],
    [4.999, 2],
    [5, 3],
    [6.999, 3],
    [7, 4],
    [3650, 4],
  ])("%f days after the last edit is step %s", (days, step) => {
    expect(resumeStepAt(ANCHOR, daysOn(days))).toBe(step);
  });
});

describe("decideResumeNudge", () => {
  const decide = (completeness: number, lastStep: number, days: number) =>
    decideResumeNudge({ completeness, anchorAt: ANCHOR, lastStep }, daysOn(days));

  it.each([
    [100, 0, 9, { kind: "none", reason: "complete" }],
    [99, 0, 0.5, { kind: "none", reason: "too-early" }],
    [99, 0, 1, { kind: "nudge", step: 1 }],
    [0, 1, 2, { kind: "none", reason: "already-nudged" }],
    [0, 1, 3, { kind: "nudge", step: 2 }],
    [0, 1, 8, { kind: "nudge", step: 4 }],
    [0, 4, 400, { kind: "none", reason: "already-nudged" }],
  ])("at %i%%, last step %i, after %f days: %j", (completeness, lastStep, days, decision) => {
    expect(decide(completeness, lastStep, days)).toEqual(decision);
  });

  it("nudges at most once per step, in ascending order, whenever it is evaluated", () => {
    const instants = fc
      .array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 30 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 99 }), (requested, completeness) => {
        const nudged: number[] = [];
        for (const days of requested) {
          const decision = decide(completeness, nudged.at(-1) ?? 0, days);
          if (decision.kind === "nudge") nudged.push(decision.step);
        }
        expect(nudged).toEqual([...new Set(nudged)].sort());
        const steps = requested
          .map((days) => resumeStepAt(ANCHOR, daysOn(days)))
          .filter((step) => step !== null);
        expect(nudged).toEqual([...new Set(steps)]);
      }),
    );
  });
});
