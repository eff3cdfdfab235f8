/** Nobody outside a list ranks before this score and id. */
export type Floor = { readonly score: number; readonly userId: number };

type Ranked = { readonly score: number; readonly candidateId: number };

/** Whether a candidate ranks before a floor. One that does belongs on the list. */
export const isAboveFloor = ({ score, candidateId }: Ranked, floor: Floor | null): boolean =>
  floor === null || score > floor.score || (score === floor.score && candidateId < floor.userId);

/** Whether a candidate may rank after somebody outside the list. */
export const isBelowFloor = ({ score, candidateId }: Ranked, floor: Floor | null): boolean =>
  floor !== null && (score < floor.score || (score === floor.score && candidateId > floor.userId));
