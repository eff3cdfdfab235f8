const DAY_MS = 24 * 3_600_000;

/** Each step begins so many times 24 hours after the last edit, and ends where the next one begins; the last has no end. */
export const RESUME_STEPS = [
  { step: 1, fromDays: 1 },
  { step: 2, fromDays: 3 },
  { step: 3, fromDays: 5 },
  { step: 4, fromDays: 7 },
] as const;

export type ResumeStep = (typeof RESUME_STEPS)[number]["step"];

export interface ResumeFacts {
  /** From 0 to 100; a resume that does not exist is at 0. */
  readonly completeness: number;
  /** The last edit; of what was never edited, when its project was made. */
  readonly anchorAt: Date;
  /** The greatest step that this owner was told of since that edit; 0 for none. */
  readonly lastStep: number;
}

export type ResumeDecision =
  | { readonly kind: "nudge"; readonly step: ResumeStep }
  | { readonly kind: "none"; readonly reason: "complete" | "too-early" | "already-told" };

/** The step that lies `now`: 1 from a day after the anchor, 2 from 3 days, 3 from 5, 4 from 7; null before. */
export function resumeStepAt(anchorAt: Date, now: Date): ResumeStep | null {
  const days = (now.getTime() - anchorAt.getTime()) / DAY_MS;
  return RESUME_STEPS.findLast(({ fromDays }) => days >= fromDays)?.step ?? null;
}

/**
 * An owner is told of an incomplete resume once for each step since its last edit. Steps that were missed are not made up for: only
 * the one that lies now is told.
 */
export function decideResumeNudge(facts: ResumeFacts, now: Date): ResumeDecision {
  if (facts.completeness >= 100) return { kind: "none", reason: "complete" };
  const step = resumeStepAt(facts.anchorAt, now);
  if (step === null) return { kind: "none", reason: "too-early" };
  return facts.lastStep >= step ? { kind: "none", reason: "already-told" } : { kind: "nudge", step };
}
