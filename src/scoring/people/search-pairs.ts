import { openPackedScores } from "./packed-scores.ts";
import { CHUNK, maxCursors, POSITION_BITS, SEATS } from "./pair-layout.ts";
import type { Person } from "./person.ts";
import type { OpenPeople } from "./read-person.ts";
import { type BestOfTier, openScored, type ScoredPairs } from "./scored-pairs.ts";
import { withSlot } from "./slots.ts";
import { openSeats, type Seat, type Slot, writeViewer } from "./viewer-params.ts";
import { type Filter, openFilter } from "./web-assembly.ts";

/** A viewer and the people they must not see. */
export type PairViewer = {
  readonly id: number;
  /** Ids of those who blocked the viewer or are blocked by them. */
  readonly blocked: readonly number[];
};

export type FoundPairs = {
  readonly viewerId: number;
  readonly A: BestOfTier;
  readonly B: BestOfTier;
  /** Whether every pair was scored in f64, because too many tied for the filter or there is no filter. */
  readonly scoredAll: boolean;
};

/**
 * The best `keep` candidates of each tier for each viewer, as `bestPairs` finds them. The filter computes all
 * scores in f32 and leaves every pair that may be among the best; scores in f64 decide on those.
 *
 * @param viewers neighbours in position are fastest. An unknown id is an error.
 * @param take is called for one viewer after the other. Its argument is overwritten for the next one.
 */
export function searchPairs(
  people: OpenPeople,
  viewers: readonly PairViewer[],
  keep: number,
  take: (found: FoundPairs) => void,
): void {
  const positionOf = (id: number): number => {
    const position = people.positionOf(id);
    if (position === undefined) throw new Error(`Person ${id} is not packed.`);
    return position;
  };
  const scores = openPackedScores(people.packed);
  const scored = openScored(keep, scores);
  withSearch(people, keep, (search) => {
    for (let from = 0; from < viewers.length; from += SEATS) {
      const together = viewers.slice(from, from + SEATS).map(({ id, blocked }): Seated => {
        const position = positionOf(id);
        const excluded = [position, ...blocked.flatMap((other) => people.positionOf(other) ?? [])];
        return { viewer: people.readOnce(position), excluded, chunk: Math.floor(position / CHUNK) };
      });
      for (const [index, candidates] of search(together).entries()) {
        const { id, blocked } = viewers[from + index] as PairViewer;
        const { viewer } = together[index] as Seated;
        scores.begin(viewer);
        offerCandidates(people, viewer, candidates, new Set(blocked), scored);
        take({ viewerId: id, ...scored.best(), scoredAll: candidates === null });
      }
    }
  });
}

/** @param candidates positions; null: everybody. */
function offerCandidates(
  people: OpenPeople,
  viewer: Person,
  candidates: PairCandidates,
  blocked: ReadonlySet<number>,
  scored: ScoredPairs,
): void {
  scored.clear();
  if (candidates !== null) {
    // The filter has already excluded people whom the viewer must not see.
    for (let n = 0; n < candidates.length; n++)
      scored.offer(people.idAt(candidates[n] as number), candidates[n] as number);
    return;
  }
  for (let position = 0; position < people.count; position++) {
    const id = people.idAt(position);
    if (people.isCandidateAt(position) && id !== viewer.id && !blocked.has(id)) scored.offer(id, position);
  }
}

/**
 * The packed people who may be among the best `keep` of a tier for a person who is not packed.
 *
 * @param viewer with indexes.
 * @param excluded positions of those who may not be among them.
 * @returns positions; null: everybody may be.
 */
export const candidatesFor = (
  people: OpenPeople,
  viewer: Person,
  excluded: readonly number[],
  keep: number,
): PairCandidates =>
  withSearch(people, keep, (search) => search([{ viewer, excluded, chunk: 0 }])[0] as PairCandidates);

/** Positions that the filter leaves; null: everybody may be among the best. */
type PairCandidates = Int32Array | null;

type Seated = {
  /** With indexes. */
  readonly viewer: Person;
  readonly excluded: readonly number[];
  /** Where to begin: neighbours of the viewer. */
  readonly chunk: number;
};

/** Filters candidates for a group of viewers, at most SEATS of them. */
type Search = (together: readonly Seated[]) => PairCandidates[];

function withSearch<T>(people: OpenPeople, keep: number, work: (search: Search) => T): T {
  const { packed } = people;
  const { memory } = packed;
  if (!memory) return work((together) => together.map(() => null));
  return withSlot(packed, (slot) => {
    const seats = openSeats(slot, packed, keep);
    const filter = openFilter(memory);
    return work((together) => searchTogether(people, slot, seats, filter, together));
  });
}

/** A viewer in a seat. `isOpen` becomes false when the filter is of no use. */
type Scanned = {
  readonly seat: Seat;
  readonly chunk: number;
  readonly excluded: ReadonlyMap<number, readonly number[]>;
  isOpen: boolean;
};

/** All viewers search a chunk before the next one is read; each begins with the chunk of their neighbours. */
function searchTogether(
  people: OpenPeople,
  slot: Slot,
  seats: readonly Seat[],
  filter: Filter,
  together: readonly Seated[],
): PairCandidates[] {
  const { sizes } = people.packed;
  const scanned = together.map(({ viewer, excluded, chunk }, index): Scanned => {
    const seat = seats[index] as Seat;
    const isOpen = viewer.interests.length <= maxCursors(sizes);
    if (isOpen) writeViewer(seat, people, viewer);
    return { seat, chunk, excluded: byChunk(excluded), isOpen };
  });
  const open = scanned.filter(({ isOpen }) => isOpen);
  if (sizes.chunks >= LEAST_SAMPLED) guessFloors(filter, open, sizes.chunks);
  else for (const { seat } of open) filter.begin(seat.at);
  scanAll(slot, filter, open, sizes.chunks);
  return scanned.map((one) => hitsOf(slot, filter, one, sizes.chunks));
}

/** With fewer chunks a sample takes longer than it saves. */
const LEAST_SAMPLED = 4;

/**
 * Begins with floors estimated from a sixteenth of the candidates: otherwise most pairs are scored only
 * because the floor is still low.
 */
function guessFloors(filter: Filter, together: readonly Scanned[], chunks: number): void {
  for (const { seat } of together) filter.beginSample(seat.at);
  for (let chunk = 0; chunk < chunks; chunk++) for (const { seat } of together) filter.sample(seat.at, chunk);
  for (const { seat } of together) filter.guess(seat.at);
}

function scanAll(slot: Slot, filter: Filter, together: readonly Scanned[], chunks: number): void {
  for (const one of together) scanChunk(slot, filter, one, one.chunk);
  for (let chunk = 0; chunk < chunks; chunk++)
    for (const one of together) if (chunk !== one.chunk) scanChunk(slot, filter, one, chunk);
}

function byChunk(positions: readonly number[]): Map<number, number[]> {
  const chunks = new Map<number, number[]>();
  for (const position of positions) {
    const chunk = Math.floor(position / CHUNK);
    const within = chunks.get(chunk) ?? [];
    chunks.set(chunk, within);
    within.push(position % CHUNK);
  }
  return chunks;
}

function scanChunk({ at, layout, u8 }: Slot, filter: Filter, one: Scanned, chunk: number): void {
  if (!one.isOpen) return;
  const excluded = one.excluded.get(chunk) ?? [];
  for (const index of excluded) u8[at + layout.excluded + index] = 1;
  one.isOpen = filter.scan(one.seat.at, chunk) !== 0;
  for (const index of excluded) u8[at + layout.excluded + index] = 0;
}

/** The hits of a viewer, who is searched again without a guess if one was too high. */
function hitsOf(slot: Slot, filter: Filter, one: Scanned, chunks: number): PairCandidates {
  const { at, layout, i32 } = one.seat;
  let hits = one.isOpen ? filter.end(at) : 0;
  if (hits < 0) {
    filter.begin(at);
    scanAll(slot, filter, [one], chunks);
    hits = one.isOpen ? filter.end(at) : 0;
  }
  if (!one.isOpen) return null;
  const first = (at + layout.hits) >> 2;
  const positions = new Int32Array(hits);
  for (let hit = 0; hit < hits; hit++) positions[hit] = (i32[first + 2 * hit] as number) & POSITION_BITS;
  return positions;
}
