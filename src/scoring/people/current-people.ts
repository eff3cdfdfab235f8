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

/** Who is placed: people whose facts changed since the lists were computed from them. */
export type Changes = Replaced & {
  /** Those who are placed now. */
  readonly ids: readonly number[];
  /** Those of them who are present, as they are now: a JSON array of PersonRow. */
  readonly rows: string;
};

/** Somebody whom the packed people do not hold: with ids as they are, and with the indexes of the packed. */
export type Fresh = { readonly own: Person; readonly indexed: Person; readonly position: number };
export type Somebody = Fresh | Person;

export const isFresh = (one: Somebody): one is Fresh => "own" in one;
export const idOf = (one: Somebody): number => (isFresh(one) ? one.own.id : one.id);
const asIndexed = (one: Somebody): Person => (isFresh(one) ? one.indexed : one);

/** Both people of a pair with the same kind of ids. */
export const sidesOf = (viewer: Somebody, candidate: Somebody): [viewer: Person, candidate: Person] =>
  isFresh(viewer) && isFresh(candidate)
    ? [viewer.own, candidate.own]
    : [asIndexed(viewer), asIndexed(candidate)];

/** The people before and after a change. */
export type Current = {
  readonly base: OpenedPeople;
  /** Everybody, after the change, who is not as in the packed people. */
  readonly fresh: ReadonlyMap<number, Fresh>;
  /** Those who are not as in the packed people, and those who have left. */
  readonly replaced: ReadonlySet<number>;
  /** As the lists were computed from; null for somebody who was on none. */
  before(id: number): Somebody | null;
  /** After the change; null for somebody who has left. */
  after(id: number): Somebody | null;
};

/** Those who were placed since the packed people were read, and everybody as the lists were computed from. */
export function openReplaced(base: OpenedPeople, { asOf, replaced, left }: Replaced) {
  const earlier = new Map(readFresh(base, replaced, asOf));
  const gone = new Set(left);
  const packed = (id: number): Person | null => {
    const position = base.people.positionOf(id);
    return position === undefined ? null : base.people.read(position);
  };
  const before = (id: number): Somebody | null => earlier.get(id) ?? (gone.has(id) ? null : packed(id));
  return { earlier, gone, before };
}

const readFresh = ({ people }: OpenedPeople, json: string, asOf: number): [id: number, Fresh][] =>
  (JSON.parse(json) as PersonRow[]).map((row) => {
    const own = preparePerson(factsOf(row), asOf);
    return [row.id, { own, indexed: people.withIndexes(own), position: row.position }];
  });

export function openChanges(base: OpenedPeople, { ids, rows, ...replaced }: Changes): Current {
  const { earlier, gone, before } = openReplaced(base, replaced);
  const placed = new Set(ids);
  const others = [...earlier].filter(([id]) => !placed.has(id));
  const fresh = new Map([...others, ...readFresh(base, rows, replaced.asOf)]);
  return {
    base,
    fresh,
    replaced: new Set([...placed, ...earlier.keys(), ...gone]),
    before,
    after: (id) => (placed.has(id) ? (fresh.get(id) ?? null) : before(id)),
  };
}
