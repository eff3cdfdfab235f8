import type { Floor } from "../../src/scoring/people/floor.ts";
import { type PairListColumns, TIERS } from "../../src/scoring/people/list-columns.ts";
import { PAIR_TERM_BYTES } from "../../src/scoring/people/pair-bytes.ts";
import type { PersonFacts, RatingMeans } from "../../src/scoring/people/person.ts";
import type { PersonRow } from "../../src/scoring/people/read-facts.ts";
import type { PairTier } from "../../src/scoring/people/score-pair.ts";

/** Lists as Postgres holds them, by user and tier. */
export type ListStore = Map<string, StoredList>;

type StoredList = {
  readonly userId: number;
  readonly tier: PairTier;
  readonly positions: readonly number[];
  readonly scores: readonly number[];
  readonly components: Uint8Array;
  readonly floor: Floor | null;
};

export const listKey = (userId: number, tier: PairTier): string => `${userId}${tier}`;

/** Stores lists in the place of those before. */
export function store(lists: ListStore, columns: PairListColumns): void {
  let at = 0;
  for (const [n, userId] of columns.userIds.entries()) {
    const size = columns.sizes[n] as number;
    const tier = TIERS[columns.tiers[n] as number] as PairTier;
    const score = columns.floorScores[n] as number;
    lists.set(listKey(userId, tier), {
      userId,
      tier,
      positions: [...columns.positions.slice(at, at + size)],
      scores: [...columns.scores.slice(at, at + size)],
      components: columns.components.slice(at * PAIR_TERM_BYTES, (at + size) * PAIR_TERM_BYTES),
      floor: Number.isNaN(score) ? null : { score, userId: columns.floorUserIds[n] as number },
    });
    at += size;
  }
}

/** What `array_send` makes of four-byte numbers. */
function sent(
  values: readonly number[],
  write: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  if (values.length === 0) return new Uint8Array(12);
  const bytes = new Uint8Array(20 + 8 * values.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 1);
  view.setInt32(12, values.length);
  for (const [n, value] of values.entries()) {
    view.setInt32(20 + 8 * n, 4);
    write(view, 24 + 8 * n, value);
  }
  return bytes;
}

const sentPositions = ({ positions }: StoredList): Uint8Array =>
  sent(positions, (view, at, value) => view.setInt32(at, value));

/** All lists without their entries, with their sizes. */
export const sizedHeads = (lists: ListStore): Uint8Array =>
  Buffer.concat(
    [...lists.values()].flatMap((list) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(list.positions.length);
      return [headOf(list), size];
    }),
  );

/** All lists as those of an earlier version are read. */
export const headsAndPositions = (lists: ListStore): Uint8Array =>
  Buffer.concat([...lists.values()].flatMap((list) => [headOf(list), sentPositions(list)]));

function headOf({ userId, tier, floor }: StoredList): Uint8Array {
  const bytes = new Uint8Array(25);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(userId));
  view.setUint8(8, TIERS.indexOf(tier));
  view.setFloat64(9, floor?.score ?? Number.NaN);
  view.setBigInt64(17, BigInt(floor?.userId ?? 0));
  return bytes;
}

/** A person as the database gives them. */
export const rowOf = (facts: PersonFacts, position: number): PersonRow => ({
  id: facts.id,
  position,
  traits: [...facts.traits].map(([id, { value, count }]) => [id, value, count]),
  quiz: facts.quiz,
  interests: [...facts.interests],
  received: marksOf(facts.received),
  given: marksOf(facts.given),
  updatedAt: facts.updatedAt,
  latitude: facts.location?.latitude ?? null,
  longitude: facts.location?.longitude ?? null,
  text: facts.locationText,
  gender: facts.gender,
  birthDate: facts.birthDate,
  genders: facts.preferences.genders,
  ageMin: facts.preferences.ageMin,
  ageMax: facts.preferences.ageMax,
  distanceKm: facts.preferences.distanceKm,
  isCandidate: facts.isCandidate,
});

const marksOf = (means: RatingMeans | null): PersonRow["received"] =>
  means && [means.count, means.attractive, means.smart, means.funny, means.interesting];
