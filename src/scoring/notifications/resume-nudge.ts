const DAY_MS = 24 * 3_600_000;

/** A step begins this many times 24 hours after the last edit, and lasts until the next one begins. */
export const RESUME_STEPS = [
  { step: 1, fromDays: 1 },
  { step: 2, fromDays: 3 },
  { step: 3, fromDays: 5 },
  { step: 4, fromDays: 7 },
] as const;

export type ResumeStep = (typeof RESUME_STEPS)[number]["step"];

export interface ResumeFacts {
  /** From 0 to 100; 0 when there is no resume. */
  readonly completeness: number;
  /** The last edit, or the creation of the project if there was none. */
  readonly anchorAt: Date;
  /** The highest step that this owner was nudged at since that edit; 0 for none. */
  readonly lastStep: number;
}

export type ResumeDecision =
  | { readonly kind: "nudge"; readonly step: ResumeStep }
  | { readonly kind: "none"; readonly reason: "complete" | "too-early" | "already-nudged" };

/** step = 1 from 24 hours after the anchor, 2 from 3 x 24, 3 from 5 x 24, 4 from 7 x 24; null before. */
export function resumeStepAt(anchorAt: Date, now: Date): ResumeStep | null {
  const days = (now.getTime() - anchorAt.getTime()) / DAY_MS;
  return RESUME_STEPS.findLast(({ fromDays }) => days >= fromDays)?.step ?? null;
}

/**
 * An owner is nudged about an incomplete resume once per step after its last edit. A missed step is skipped:
 * only the current one counts.
 */
export function decideResumeNudge(facts: ResumeFacts, now: Date): ResumeDecision {
  if (facts.completeness >= 100) return { kind: "none", reason: "complete" };
  const step = resumeStepAt(facts.anchorAt, now);
  if (step === null) return { kind: "none", reason: "too-early" };
  return facts.lastStep >= step ? { kind: "none", reason: "already-nudged" } : { kind: "nudge", step };
}
