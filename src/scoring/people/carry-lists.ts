import { type EarlierLists, openEarlierLists } from "./earlier-lists.ts";
import type { EarlierPeople } from "./earlier-people.ts";
import { type Floor, isBelowFloor } from "./floor.ts";
import { TIERS } from "./list-columns.ts";
import { openPackedScores } from "./packed-scores.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import type { PairTier } from "./score-pair.ts";
import { type BestOfTier, openScored, type ScoredPairs } from "./scored-pairs.ts";
import { type FindFirst, withFirst } from "./search-first.ts";
import type { FoundPairs, PairViewer } from "./search-pairs.ts";

export type CarryOptions = {
  readonly keep: number;
  /** How many of a list are served. */
  readonly served: number;
};

/**
 * Computes the lists of viewers from those of an earlier version. Nobody outside an earlier list ranked
 * before its floor, and the score of an unchanged pair can only fall, because newness falls. So the new list
 * consists of the people on the earlier list and of those who changed, if their new scores rank before the
 * floor. If fewer people remain than are served, a person outside may belong on the list.
 *
 * @param lists of the viewers in the earlier version, as `openEarlierLists` reads them.
 * @param take as in `searchPairs`.
 * @returns the viewers whose lists cannot be computed from the earlier ones, or who have changed themselves.
 */
export function carryLists(
  people: OpenPeople,
  earlier: EarlierPeople,
  viewers: readonly PairViewer[],
  lists: Uint8Array,
  { keep, served }: CarryOptions,
  take: (found: FoundPairs) => void,
): PairViewer[] {
  const listsOf = openEarlierLists(lists);
  const scores = openPackedScores(people.packed);
  const scored = openScored(keep, scores);
  const unproven: PairViewer[] = [];
  withFirst(people, earlier.changed, (find) => {
    for (const viewer of viewers) {
      const position = people.positionOf(viewer.id) as number;
      const before = position < earlier.changed ? null : listsOf(viewer.id);
      if (before !== null) {
        const person = people.readOnce(position);
        scores.begin(person);
        scored.clear();
        offerUnchanged(people, earlier, before, scored);
        offerChanged(people, find, person, viewer, before, scored);
      }
      const found = before && cutAtFloors(viewer.id, scored.best(), before);
      if (found && TIERS.every((tier) => isComplete(found[tier], served))) take(found);
      else unproven.push(viewer);
    }
  });
  return unproven;
}

function offerUnchanged(
  people: OpenPeople,
  { packedPositions }: EarlierPeople,
  before: EarlierLists,
  scored: ScoredPairs,
): void {
  for (const tier of TIERS)
    for (const position of before[tier].positions) {
      const packed = packedPositions[position] as number;
      if (packed >= 0) scored.offer(people.idAt(packed), packed);
    }
}

function offerChanged(
  people: OpenPeople,
  find: FindFirst,
  viewer: Person,
  { blocked }: PairViewer,
  { A, B }: EarlierLists,
  scored: ScoredPairs,
): void {
  find(viewer, { A: A.floor?.score ?? null, B: B.floor?.score ?? null }, (position) => {
    const id = people.idAt(position);
    if (people.isCandidateAt(position) && !blocked.includes(id)) scored.offer(id, position);
  });
}

const cutAtFloors = (
  viewerId: number,
  best: { readonly [Tier in PairTier]: BestOfTier },
  before: EarlierLists,
): FoundPairs => ({
  viewerId,
  A: cutAtFloor(best.A, before.A.floor),
  B: cutAtFloor(best.B, before.B.floor),
  scoredAll: false,
});

/** Cuts off those who may rank after a person outside. */
function cutAtFloor(best: BestOfTier, floor: Floor | null): BestOfTier {
  const { order, scores, candidateIds } = best;
  let count = best.count;
  const isCut = (at: number): boolean =>
    isBelowFloor({ score: scores[at] as number, candidateId: candidateIds[at] as number }, floor);
  while (count > 0 && isCut(order[count - 1] as number)) count -= 1;
  return { ...best, count, floor: count === best.count ? (best.floor ?? floor) : floor };
}

const isComplete = ({ count, floor }: BestOfTier, served: number): boolean =>
  floor === null || count >= served;
