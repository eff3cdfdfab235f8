import {
  type AnyPerson,
  asIndexed,
  idOf,
  sidesOf,
  type UnpackedPerson,
  unpackedOf,
} from "./current-people.ts";
import { isBelowFloor } from "./floor.ts";
import { openLists, type PairListColumns, TIERS } from "./list-columns.ts";
import type { FreshList } from "./list-floors.ts";
import { type GrowingEntries, listNumber, openEntries, type PairEntryColumns } from "./pair-entries.ts";
import type { Person } from "./person.ts";
import type { PlacedPeople } from "./placed-people.ts";
import type { PersonRow } from "./read-facts.ts";
import { mayList, scoreInto, TERM_COUNT } from "./score-pair.ts";
import { openScored } from "./scored-pairs.ts";
import { candidatesFor } from "./search-pairs.ts";
import { type FindViewers, withViewers } from "./search-viewers.ts";

/** The people to place: their facts may differ from those that the lists are computed from. */
export type Placing = {
  readonly ids: readonly number[];
  /** Those of them who are present, with their current facts: a JSON array of PersonRow. */
  readonly rows: string;
  /** The users whom they must not see, by id. */
  readonly blocked: ReadonlyMap<number, readonly number[]>;
  readonly keep: number;
};

export type PairPlacement = {
  /** The lists of those who are placed and present. */
  readonly lists: PairListColumns;
  /** The entries that they get on lists of others, and the lists that they leave. */
  readonly entries: PairEntryColumns;
  /** Users whose lists lost too many entries: a person outside may belong on them. */
  readonly short: readonly number[];
};

/** A person who is placed: before and after. */
type Placed = {
  readonly id: number;
  readonly before: AnyPerson | null;
  readonly after: UnpackedPerson | null;
  readonly blocked: ReadonlySet<number>;
};

/** Computes what changes when people are placed: their own lists, and what they enter and leave of others. */
export function placePeople(now: PlacedPeople, { ids, rows, blocked, keep }: Placing): PairPlacement {
  const next = new Map(
    (JSON.parse(rows) as PersonRow[]).map((row) => [row.id, unpackedOf(now.base, row, now.asOf)] as const),
  );
  const placed = ids.map(
    (id): Placed => ({
      id,
      before: now.find(id),
      after: next.get(id) ?? null,
      blocked: new Set(blocked.get(id)),
    }),
  );
  const others = [...now.fresh].flatMap(([id, one]) => (ids.includes(id) ? [] : [one]));
  return {
    lists: ownLists(now, placed, [...others, ...next.values()], keep),
    ...reachLists(now, placed),
  };
}

/** Both lists of everybody who is placed, empty ones too: people may enter them later. */
function ownLists(
  { base, lists: { replaced }, scores }: PlacedPeople,
  placed: readonly Placed[],
  fresh: readonly UnpackedPerson[],
  keep: number,
): PairListColumns {
  const { people, listPositions } = base;
  const positionsOf = (ids: Iterable<number>): number[] =>
    [...ids].flatMap((id) => people.positionOf(id) ?? []);
  const present = placed.filter(({ after }) => after !== null);
  const lists = openLists(present.length, keep, listPositions);
  const scored = openScored(keep, scores);
  const terms = new Float64Array(TERM_COUNT + 1);
  const changed = [...replaced, ...positionsOf(placed.map(({ id }) => id))];
  for (const { id, after, blocked } of present) {
    const { own, indexed } = after as UnpackedPerson;
    const excluded = new Set([...changed, ...positionsOf(blocked)]);
    scores.begin(indexed);
    scored.clear();
    const candidates = candidatesFor(people, indexed, [...excluded], keep);
    const offer = (position: number): void => scored.offer(people.idAt(position), position);
    if (candidates) candidates.forEach(offer);
    else
      for (let position = 0; position < people.count; position++)
        if (people.isCandidateAt(position) && !excluded.has(position)) offer(position);
    for (const { own: other, position } of fresh)
      if (mayList(own, other, blocked))
        scored.offerScored(other.id, position, scoreInto(terms, own, other), terms);
    lists.add({ viewerId: id, ...scored.best(), scoredAll: candidates === null });
  }
  return lists.end();
}

/** Finds what people enter and leave of the lists of others. */
function reachLists(now: PlacedPeople, placed: readonly Placed[]): Omit<PairPlacement, "lists"> {
  const entries = openEntries();
  const losses = openLosses(entries);
  withViewers(now.sides, now.lists.floors, (find) => {
    for (const one of placed) reachPacked(now, find, placed, one, entries, losses.add);
  });
  for (const one of placed) reachUnpacked(now, placed, one, entries, losses.add);
  return { entries: entries.end(), short: losses.short() };
}

/** A person left a list. */
type Lose = (viewerId: number, list: number, spare: number) => void;

function openLosses(entries: GrowingEntries) {
  const counts = new Map<number, number>();
  const short = new Set<number>();
  const add: Lose = (viewerId, list, spare) => {
    const count = (counts.get(list) ?? 0) + 1;
    counts.set(list, count);
    entries.leave(list);
    if (count > spare) short.add(viewerId);
  };
  return { add, short: (): number[] => [...short] };
}

/** Numbers the placements of this thread. */
let placements = 0;

/** Finds the lists of people whose packed data is current. */
function reachPacked(
  { base, scores, lists: { floors, floorUserIds, spare, entered } }: PlacedPeople,
  find: FindViewers,
  placed: readonly Placed[],
  { before, after, blocked }: Placed,
  entries: GrowingEntries,
  lose: Lose,
): void {
  const { people, listPositions } = base;
  const ownPositions = new Set(placed.map(({ id }) => people.positionOf(id)));
  const placement = ++placements;
  const terms = new Float64Array(TERM_COUNT + 1);
  /** Calls `take` for each list whose floor the candidate's score reaches. */
  const reach = (candidate: Person, take: (position: number, tier: number) => void): void => {
    if (!candidate.isCandidate) return;
    scores.begin(candidate);
    find(candidate, (position) => {
      const tier = scores.ofViewer(terms, position) === "A" ? 0 : 1;
      if (Math.fround(terms[TERM_COUNT] as number) < Math.fround(floors[2 * position + tier] as number))
        return;
      if (!ownPositions.has(position)) take(position, tier);
    });
  };
  if (after)
    reach(after.indexed, (position, tier) => {
      const at = 2 * position + tier;
      const floor = { score: floors[at] as number, userId: floorUserIds[at] as number };
      const ranked = { score: terms[TERM_COUNT] as number, candidateId: after.own.id };
      if (isBelowFloor(ranked, floor) || blocked.has(people.idAt(position))) return;
      entered[at] = placement;
      entries.enter(listNumber(listPositions[position] as number, tier), after.position, terms);
    });
  // A person who only became newer re-enters every list they were on, so leaving need not be checked.
  if (before && !(after && blocked.size === 0 && isOnlyNewer(asIndexed(before), after.indexed)))
    reach(asIndexed(before), (position, tier) => {
      const at = 2 * position + tier;
      if (entered[at] === placement) return;
      lose(people.idAt(position), listNumber(listPositions[position] as number, tier), spare[at] as number);
    });
}

/** Whether a person differs from before only in newness, and is not less new: no score falls. */
function isOnlyNewer(before: Person, after: Person): boolean {
  const isSame = (key: string): boolean =>
    JSON.stringify(before[key as keyof Person]) === JSON.stringify(after[key as keyof Person]);
  return (
    after.newness >= before.newness && Object.keys(before).every((key) => key === "newness" || isSame(key))
  );
}

/** The same for the lists of those who were placed since. */
function reachUnpacked(
  { fresh, lists: { freshLists } }: PlacedPeople,
  placed: readonly Placed[],
  { before, after, blocked }: Placed,
  entries: GrowingEntries,
  lose: Lose,
): void {
  const terms = new Float64Array(TERM_COUNT + 1);
  const placedIds = new Set(placed.map(({ id }) => id));
  for (const [id, lists] of freshLists) {
    const viewer = fresh.get(id);
    if (!viewer || placedIds.has(id)) continue;
    /** The list on which the viewer has a candidate who ranks before the floor, or is the last one on it. */
    const listWith = (one: AnyPerson | null): FreshList | undefined => {
      if (one === null || !asIndexed(one).isCandidate) return undefined;
      const tier = TIERS.indexOf(scoreInto(terms, ...sidesOf(viewer, one)));
      const list = lists.find((known) => known.list === listNumber(viewer.position, tier));
      const ranked = { score: terms[TERM_COUNT] as number, candidateId: idOf(one) };
      return list && !isBelowFloor(ranked, list.floor) ? list : undefined;
    };
    const entered = blocked.has(id) ? undefined : listWith(after);
    if (entered && after) entries.enter(entered.list, after.position, terms);
    const left = listWith(before);
    if (left && left !== entered) lose(id, left.list, left.spare);
  }
}
