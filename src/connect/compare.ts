import type { Tx } from "../db/transaction.ts";
import type { Mirror } from "./installed.ts";
import { fewerKeys, unlessTooSlow } from "./key-limit.ts";
import { differingKeys, nextHostKeys, nextOwnKeys } from "./mirror-statements.ts";
import { readHost } from "./read-host.ts";

/** How a mirror is compared with what its select gives. */
export type Comparing = {
  /** Runs work in a short transaction. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Lets the mirrors catch up, before another look at rows that differ. */
  catchUp(): Promise<unknown>;
  /** Receives the rows of the host that were compared so far. */
  onProgress?(rows: number): void;
  readonly signal?: AbortSignal;
};

/** What a comparison found. */
export type Compared = {
  /** Rows of the host that were compared. */
  readonly rows: number;
  /** Keys whose rows differ. */
  readonly differing: readonly string[];
};

const KEYS_PER_PART = 10_000;

/**
 * Compares every row of a mirror with what its select gives: the keys of the host in order, then our own. A
 * row that differs is compared again once the mirrors have caught up: its change may have been on the way.
 */
export async function compareMirror(mirror: Mirror, comparing: Comparing): Promise<Compared> {
  let rows = 0;
  const suspects = new Set<string>();
  for await (const { phase, keys, differing } of partsOf(mirror, comparing)) {
    for (const key of differing) suspects.add(key);
    if (phase === "host") rows += keys;
    comparing.onProgress?.(rows);
  }
  if (suspects.size === 0) return { rows, differing: [] };
  await comparing.catchUp();
  const differing: string[] = [];
  const left = [...suspects];
  for (let limit = KEYS_PER_PART; left.length > 0; ) {
    const some = left.slice(0, limit);
    const found = await unlessTooSlow(() => comparing.read((tx) => differingAmong(tx, mirror, some)), limit);
    if (found === null) limit = fewerKeys(limit);
    else {
      differing.push(...found);
      left.splice(0, some.length);
    }
  }
  return { rows, differing: differing.sort() };
}

type Phase = "host" | "own";
/** What was read of a part; without a last key there was none. */
type Found = { readonly last: string | null; readonly keys: number; readonly differing: string[] };
type Part = { readonly phase: Phase; readonly keys: number; readonly differing: readonly string[] };

async function* partsOf(mirror: Mirror, { read, signal }: Comparing): AsyncGenerator<Part> {
  let limit = KEYS_PER_PART;
  for (const phase of ["host", "own"] as const) {
    for (let after: string | null = null; ; ) {
      signal?.throwIfAborted();
      const from: string | null = after;
      const part: Found | null = await unlessTooSlow(
        () => read((tx) => readPart(tx, mirror, phase, from, limit)),
        limit,
      );
      if (part === null) limit = fewerKeys(limit);
      else if (part.last === null) break;
      else {
        after = part.last;
        yield { phase, keys: part.keys, differing: part.differing };
      }
    }
  }
}

async function readPart(
  tx: Tx,
  mirror: Mirror,
  phase: Phase,
  after: string | null,
  limit: number,
): Promise<Found> {
  const next = phase === "host" ? nextHostKeys : nextOwnKeys;
  const found = await readHost<{ key: string }>(tx, mirror.plan, next(mirror.plan, after, limit));
  const keys = found.map(({ key }) => key);
  const last = keys.at(-1) ?? null;
  return { last, keys: keys.length, differing: last === null ? [] : await differingAmong(tx, mirror, keys) };
}

async function differingAmong(tx: Tx, { plan }: Mirror, keys: readonly string[]): Promise<string[]> {
  const found = await readHost<{ key: string }>(tx, plan, differingKeys(plan, keys));
  return found.map(({ key }) => key);
}
