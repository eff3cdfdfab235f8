import { comparePairs } from "./score-pair.ts";

/** Nobody outside a list ranks before this score and id. */
export type Floor = { readonly score: number; readonly userId: number };

type Ranked = { readonly score: number; readonly candidateId: number };

const rankTo = (ranked: Ranked, { score, userId }: Floor): number =>
  comparePairs(ranked, { score, candidateId: userId });

/** Whether a candidate ranks before a floor. One that does belongs on the list. */
export const isAboveFloor = (ranked: Ranked, floor: Floor | null): boolean =>
  floor === null || rankTo(ranked, floor) < 0;

/** Whether a candidate may rank after a person outside the list. */
export const isBelowFloor = (ranked: Ranked, floor: Floor | null): boolean =>
  floor !== null && rankTo(ranked, floor) > 0;
