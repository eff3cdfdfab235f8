import { type Compatibility, compatibilityOf } from "./compatibility.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { COMPATIBILITY_BYTES, writeCompatibilityBytes } from "./pair-bytes.ts";
import { type Person, preparePerson } from "./person.ts";
import { type Hash, openHash, personHash } from "./person-hash.ts";
import { factsOf, type PersonRow } from "./read-facts.ts";

/** A user, those they have to do with, and the hash of what their stored list was computed from. */
export type CompatibilityRow = readonly [id: number, targets: readonly number[], storedHash: string | null];

export type CompatibilityOptions = {
  /** Lists of different versions never have the same hash. */
  readonly algoVersion: number;
  readonly asOf: number;
  /** A JSON array of PersonRow: those whose facts were replaced since the others were read. */
  readonly replaced: string;
  readonly left: readonly number[];
};

/** Lists as columns, which are stored by one statement. */
export type CompatibilityColumns = {
  readonly userIds: Float64Array;
  readonly sizes: Int32Array;
  /** Eight bytes each. */
  readonly hashes: Uint8Array;
  readonly targetIds: Float64Array;
  /** -1: neither of the two has signals. */
  readonly scores: Float32Array;
  readonly components: Uint8Array;
};

export type CompatibilityLists = {
  readonly lists: CompatibilityColumns;
  /** Users whose inputs, and those of their targets, have not changed. */
  readonly unchanged: number;
  readonly pairs: number;
};

const HASH_BYTES = 8;

/** With the indexes of the packed people, and with ids as they are if they were read since. */
type Known = { readonly indexed: Person; readonly own: Person | null; readonly hash: Hash };

type List = { readonly id: number; readonly hash: Hash; readonly viewer: Known; readonly targets: Known[] };

/** The lists of users, apart from those that would be computed from what is stored already. */
export function changedCompatibilityLists(
  base: OpenedPeople,
  rows: readonly CompatibilityRow[],
  options: CompatibilityOptions,
): CompatibilityLists {
  const find = finder(base, options);
  const lists: List[] = [];
  let unchanged = 0;
  for (const [id, targetIds, storedHash] of rows) {
    const viewer = find(id);
    if (viewer === null) continue;
    const targets = targetIds.flatMap((target) => find(target) ?? []);
    const hash = listHash(options.algoVersion, viewer, targets);
    if (hexOf(hash) === storedHash) unchanged += 1;
    else lists.push({ id, hash, viewer, targets });
  }
  const columns = columnsOf(lists);
  return { lists: columns, unchanged, pairs: columns.targetIds.length };
}

/** Of packed people, who stay in memory as long as their columns. */
const packedHashes = new WeakMap<Person, Hash>();

function finder({ people }: OpenedPeople, { asOf, replaced, left }: CompatibilityOptions) {
  const known = new Map(
    (JSON.parse(replaced) as PersonRow[]).map((row): [number, Known] => {
      const own = preparePerson(factsOf(row), asOf);
      return [row.id, { indexed: people.withIndexes(own), own, hash: personHash(own) }];
    }),
  );
  const gone = new Set(left);
  return (id: number): Known | null => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const position = gone.has(id) ? undefined : people.positionOf(id);
    if (position === undefined) return null;
    const indexed = people.read(position);
    const hash = packedHashes.get(indexed) ?? personHash(people.withIds(indexed));
    packedHashes.set(indexed, hash);
    return { indexed, own: null, hash };
  };
}

const compare = (viewer: Known, target: Known): Compatibility =>
  viewer.own !== null && target.own !== null
    ? compatibilityOf(viewer.own, target.own)
    : compatibilityOf(viewer.indexed, target.indexed);

function listHash(algoVersion: number, viewer: Known, targets: readonly Known[]): Hash {
  const { add, addAll, end } = openHash();
  add(algoVersion);
  for (const { hash } of [viewer, ...targets]) addAll(hash);
  return end();
}

const hexOf = (hash: Hash): string => hash.map((word) => word.toString(16).padStart(8, "0")).join("");

function columnsOf(lists: readonly List[]): CompatibilityColumns {
  const pairs = lists.reduce((sum, { targets }) => sum + targets.length, 0);
  const columns: CompatibilityColumns = {
    userIds: Float64Array.from(lists, ({ id }) => id),
    sizes: Int32Array.from(lists, ({ targets }) => targets.length),
    hashes: new Uint8Array(lists.length * HASH_BYTES),
    targetIds: new Float64Array(pairs),
    scores: new Float32Array(pairs),
    components: new Uint8Array(pairs * COMPATIBILITY_BYTES),
  };
  const hashView = new DataView(columns.hashes.buffer);
  let at = 0;
  for (const [n, { viewer, targets, hash }] of lists.entries()) {
    hashView.setUint32(n * HASH_BYTES, hash[0]);
    hashView.setUint32(n * HASH_BYTES + 4, hash[1]);
    for (const target of targets) {
      const found = compare(viewer, target);
      columns.targetIds[at] = target.indexed.id;
      columns.scores[at] = found.score ?? -1;
      if (found.status === "SCORED")
        writeCompatibilityBytes(columns.components, at * COMPATIBILITY_BYTES, found.terms);
      at += 1;
    }
  }
  return columns;
}
