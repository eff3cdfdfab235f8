import type { Person } from "./person.ts";
import { MISSING, PAIR_WEIGHTS } from "./score-pair.ts";

const BUCKETS = 8;
/** With fewer traits the quiz often decides, whose bound is weak: such people are kept together. */
const FEW_TRAITS = 4;
const CELL_BITS = 10;
/** Above all keys. */
const BEFORE_ALL = 2 ** 40;

/** 0.15 quality + 0.1 newness: what a person adds to every pair in which they are the candidate. */
export const staticScore = ({ quality, newness }: Person): number =>
  PAIR_WEIGHTS.quality * (quality ?? MISSING.quality) + PAIR_WEIGHTS.newness * newness;

/**
 * The positions of people in the packed columns: those with a location first, by eight buckets of the static
 * score, best first, so that floors rise early; in a bucket by neighbourhood, so that whole blocks are far
 * away. The order changes the speed alone.
 *
 * @param first ids of those who come before all others, in the same order among themselves.
 */
export function orderPeople(people: readonly Person[], first: ReadonlySet<number> = new Set()): Person[] {
  const byStatic = people.map((person) => staticScore(person)).sort((a, b) => b - a);
  const bounds = Array.from({ length: BUCKETS - 1 }, (_, n) =>
    byStatic.at(Math.ceil(((n + 1) * byStatic.length) / BUCKETS) - 1),
  );
  const keyed = people.map((person) => ({
    person,
    key: orderKey(person, bounds) - (first.has(person.id) ? BEFORE_ALL : 0),
  }));
  return keyed.sort((a, b) => a.key - b.key || a.person.id - b.person.id).map(({ person }) => person);
}

function orderKey(person: Person, bounds: readonly (number | undefined)[]): number {
  const score = staticScore(person);
  const bucket = bounds.filter((bound) => bound !== undefined && score < bound).length;
  const major = ((person.point ? 0 : BUCKETS) + bucket) * 2 + (person.traitIds.length < FEW_TRAITS ? 1 : 0);
  return (
    major * 2 ** (3 * CELL_BITS) +
    (person.point ? cellOf(person.point) : (person.locationText ?? 0) % 2 ** 30)
  );
}

/** Morton code of a point of the unit sphere: points with neighbouring codes are mostly near each other. */
function cellOf(point: ArrayLike<number>): number {
  let cell = 0;
  const steps = [0, 1, 2].map((axis) =>
    Math.min(2 ** CELL_BITS - 1, Math.floor((((point[axis] as number) + 1) / 2) * 2 ** CELL_BITS)),
  );
  for (let bit = CELL_BITS - 1; bit >= 0; bit--)
    for (const step of steps) cell = cell * 2 + ((step >> bit) & 1);
  return cell;
}
