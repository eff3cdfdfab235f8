import type { OpenIndex } from "./posting-index.ts";
import { freshnessStep, isInWindow } from "./score-posting.ts";

/** Stands for a posting that is not recommended as of the instant. */
export const OUTSIDE_WINDOW = 3;

/** The freshness step of each posting as of an instant, which is the same for all users of a run. */
export function freshnessSteps(open: OpenIndex, asOf: number): Uint8Array {
  if (open.steps?.asOf === asOf) return open.steps.byPosting;
  const { postedAt, scrapedAt } = open.index;
  const byPosting = Uint8Array.from(postedAt, (posted, posting) =>
    isInWindow(scrapedAt[posting] as number, asOf) ? freshnessStep(asOf - posted) : OUTSIDE_WINDOW,
  );
  open.steps = { asOf, byPosting };
  return byPosting;
}
