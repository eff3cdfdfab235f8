import { compatibilityOf } from "./compatibility.ts";
import { type AnyPerson, idOf, isUnpacked, openReplaced, type Replaced, sidesOf } from "./current-people.ts";
import type { OpenedPeople } from "./loaded-people.ts";
import { COMPATIBILITY_BYTES, writeCompatibilityBytes } from "./pair-bytes.ts";
import { type Hash, openHash, personHash } from "./person-hash.ts";

/**
 * A user, the people they are compared with, and the hash of the facts that their stored list was computed
 * from.
 */
export type CompatibilityRow = readonly [id: number, targets: readonly number[], storedHash: string | null];

export type CompatibilityOptions = Replaced & {
  /** Lists of different versions never have the same hash. */
  readonly algoVersion: number;
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

type List = {
  readonly id: number;
  readonly hash: Hash;
  readonly viewer: AnyPerson;
  readonly targets: readonly AnyPerson[];
};

/** The lists of users, except those that would be recomputed from the facts that are stored already. */
export function changedCompatibilityLists(
  base: OpenedPeople,
  rows: readonly CompatibilityRow[],
  options: CompatibilityOptions,
): CompatibilityLists {
  const { before } = openReplaced(base, options);
  const lists: List[] = [];
  let unchanged = 0;
  for (const [id, targetIds, storedHash] of rows) {
    const viewer = before(id);
    if (viewer === null) continue;
    const targets = targetIds.flatMap((target) => before(target) ?? []);
    const hash = listHash(base, options.algoVersion, [viewer, ...targets]);
    if (hexOf(hash) === storedHash) unchanged += 1;
    else lists.push({ id, hash, viewer, targets });
  }
  const columns = columnsOf(lists);
  return { lists: columns, unchanged, pairs: columns.targetIds.length };
}

/** Packed people stay in memory as long as their columns. */
const hashes = new WeakMap<AnyPerson, Hash>();

function hashOf({ people }: OpenedPeople, one: AnyPerson): Hash {
  const hash = hashes.get(one) ?? personHash(isUnpacked(one) ? one.own : people.withIds(one));
  hashes.set(one, hash);
  return hash;
}

function listHash(base: OpenedPeople, algoVersion: number, people: readonly AnyPerson[]): Hash {
  const { add, addAll, end } = openHash();
  add(algoVersion);
  for (const one of people) addAll(hashOf(base, one));
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
      const found = compatibilityOf(...sidesOf(viewer, target));
      columns.targetIds[at] = idOf(target);
      columns.scores[at] = found.score ?? -1;
      if (found.status === "SCORED")
        writeCompatibilityBytes(columns.components, at * COMPATIBILITY_BYTES, found.terms);
      at += 1;
    }
  }
  return columns;
}
