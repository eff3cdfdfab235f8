import type { OpenedPeople } from "./loaded-people.ts";
import { type Person, preparePerson } from "./person.ts";
import { factsOf, type PersonRow } from "./read-facts.ts";

/** Who was placed since the packed people were read. */
export type Replaced = {
  /** In milliseconds: the instant of the lists. */
  readonly asOf: number;
  /** A JSON array of PersonRow. */
  readonly replaced: string;
  /** Those who have left. */
  readonly left: readonly number[];
};

/** A person who is not among the packed people, both with ids and with the indexes of the packed people. */
export type UnpackedPerson = { readonly own: Person; readonly indexed: Person; readonly position: number };
export type AnyPerson = UnpackedPerson | Person;

export const isUnpacked = (one: AnyPerson): one is UnpackedPerson => "own" in one;
export const idOf = (one: AnyPerson): number => (isUnpacked(one) ? one.own.id : one.id);
export const asIndexed = (one: AnyPerson): Person => (isUnpacked(one) ? one.indexed : one);

/** Both people of a pair with the same kind of ids. */
export const sidesOf = (viewer: AnyPerson, candidate: AnyPerson): [viewer: Person, candidate: Person] =>
  isUnpacked(viewer) && isUnpacked(candidate)
    ? [viewer.own, candidate.own]
    : [asIndexed(viewer), asIndexed(candidate)];

/**
 * Those who were placed since the packed people were read, and everybody with the facts that the lists were
 * computed from.
 */
export function openReplaced(base: OpenedPeople, { asOf, replaced, left }: Replaced) {
  const earlier = new Map(readUnpacked(base, replaced, asOf));
  const gone = new Set(left);
  const packed = (id: number): Person | null => {
    const position = base.people.positionOf(id);
    return position === undefined ? null : base.people.read(position);
  };
  const before = (id: number): AnyPerson | null => earlier.get(id) ?? (gone.has(id) ? null : packed(id));
  return { earlier, gone, before };
}

const readUnpacked = (base: OpenedPeople, json: string, asOf: number): [id: number, UnpackedPerson][] =>
  (JSON.parse(json) as PersonRow[]).map((row) => [row.id, unpackedOf(base, row, asOf)]);

/** @param asOf in milliseconds. */
export function unpackedOf({ people }: OpenedPeople, row: PersonRow, asOf: number): UnpackedPerson {
  const own = preparePerson(factsOf(row), asOf);
  return { own, indexed: people.withIndexes(own), position: row.position };
}
