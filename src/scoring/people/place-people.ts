import { type AffectedLists, affectedLists, type Placed } from "./affected-lists.ts";
import { type Changes, type Current, isFresh, openChanges } from "./current-people.ts";
import { entryOf, type PairListColumns, packLists, type StoredPairs, TIERS } from "./list-columns.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { mayList, openBest } from "./score-pair.ts";
import { candidatesFor } from "./search-pairs.ts";

export type PlaceOptions = {
  readonly keep: number;
  /** Those whom the placed users do not meet, by id. */
  readonly blocked: ReadonlyMap<number, readonly number[]>;
  /** All lists without their entries, as heads of sent-lists.ts. */
  readonly floors: Uint8Array;
};

export type PairPlacement = {
  /** The lists of those who are placed and present. */
  readonly lists: PairListColumns;
  /** Lists of others. */
  readonly affected: AffectedLists;
};

/** Finds the lists that change when people are placed: their own, and those that they enter or leave. */
export function placePeople(
  base: OpenedPeople,
  changes: Changes,
  { keep, blocked, floors }: PlaceOptions,
): PairPlacement {
  const current = openChanges(base, changes);
  const placed = changes.ids.map((id): Placed => {
    const after = current.after(id);
    return {
      before: current.before(id),
      after: after !== null && isFresh(after) ? after : null,
      blocked: new Set(blocked.get(id)),
    };
  });
  return {
    lists: packLists(placed.flatMap((one) => ownLists(current, one, keep))),
    affected: affectedLists(current, placed, new Set(changes.ids), floors),
  };
}

const positionOf = ({ base, fresh }: Current, id: number): number =>
  fresh.get(id)?.position ?? (base.listPositions[base.people.positionOf(id) as number] as number);

/** Both lists of somebody who is placed, empty ones too: people may enter them later. */
function ownLists(current: Current, { after: viewer, blocked }: Placed, keep: number): StoredPairs[] {
  if (viewer === null) return [];
  const { base, fresh, replaced } = current;
  const { people } = base;
  const best = openBest(keep);
  const excluded = [...replaced, ...blocked].flatMap((id) => people.positionOf(id) ?? []);
  const offer = (position: number): void => {
    const candidate = people.read(position);
    if (mayList(viewer.indexed, candidate, blocked) && !replaced.has(candidate.id))
      best.offer(viewer.indexed, candidate);
  };
  const candidates = candidatesFor(people, viewer.indexed, excluded, keep);
  if (candidates === null) for (let position = 0; position < people.count; position++) offer(position);
  else for (const position of candidates) offer(position);
  for (const { own } of fresh.values()) if (mayList(viewer.own, own, blocked)) best.offer(viewer.own, own);
  const lists = best.lists();
  return TIERS.map((tier) => {
    const last = lists[tier][keep - 1];
    return {
      userId: viewer.own.id,
      tier,
      entries: lists[tier].map(({ candidateId, score, terms }) =>
        entryOf(positionOf(current, candidateId), score, terms),
      ),
      floor: last === undefined ? null : { score: last.score, userId: last.candidateId },
    };
  });
}
