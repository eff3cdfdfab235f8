import type { Tx } from "../db/transaction.ts";
import type { Mirror, ResyncPhase } from "./installed.ts";
import { fewerKeys, unlessTooSlow } from "./key-limit.ts";
import { absentOwnKeys, compareHostRows, differingKeys, type OwnKeys } from "./mirror-statements.ts";
import { readHost } from "./read-host.ts";

/** How a mirror is compared with its select. */
export type Comparing = {
  /** Runs work in a short transaction. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Waits until the mirrors have caught up, before rows that differ are compared again. */
  catchUp(): Promise<unknown>;
  /** Receives the rows of the host that were compared so far. */
  onProgress?(rows: number): void;
  readonly signal?: AbortSignal;
};

/** The result of a comparison. */
export type Compared = {
  /** Rows of the host that were compared. */
  readonly rows: number;
  /** Keys whose rows differ. */
  readonly differing: readonly string[];
};

const KEYS_PER_PART = 10_000;

/**
 * Compares every row of a mirror with its select: the rows of the host in the order of their keys, and beside
 * it our own, which finds those that the host does not have. A row that differs is compared again once the
 * mirrors have caught up: its change may have been on the way.
 */
export async function compareMirror(mirror: Mirror, comparing: Comparing): Promise<Compared> {
  let rows = 0;
  const suspects = new Set<string>();
  await bothSides(mirror, comparing, (phase, part) => {
    for (const key of part.differing) suspects.add(key);
    if (phase === "host") rows += part.rows;
    comparing.onProgress?.(rows);
  });
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

/** The result of reading a part; without a last key there was none. */
type Part = { readonly last: string | null; readonly rows: number; readonly differing: readonly string[] };

/** Reads both sides at the same time. When one fails, the other ends with its part. */
async function bothSides(
  mirror: Mirror,
  comparing: Comparing,
  onPart: (phase: ResyncPhase, part: Part) => void,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(comparing.signal ? [comparing.signal] : [])]);
  const sides = (["host", "own"] as const).map((phase) =>
    lookThrough(phase, mirror, { ...comparing, signal }, (part) => onPart(phase, part)).catch((error) => {
      failed.abort(error);
      throw error;
    }),
  );
  for (const side of await Promise.allSettled(sides)) if (side.status === "rejected") throw side.reason;
}

/** Reads all rows of one side in parts. A part that takes too long is read again with fewer rows. */
async function lookThrough(
  phase: ResyncPhase,
  mirror: Mirror,
  { read, signal }: Comparing,
  onPart: (part: Part) => void,
): Promise<void> {
  let limit = KEYS_PER_PART;
  for (let after: string | null = null; ; ) {
    signal?.throwIfAborted();
    const from: string | null = after;
    const part: Part | null = await unlessTooSlow(
      () => read((tx) => readPart(tx, mirror, phase, from, limit)),
      limit,
    );
    if (part === null) limit = fewerKeys(limit);
    else if (part.last === null) return;
    else {
      after = part.last;
      onPart(part);
    }
  }
}

async function readPart(
  tx: Tx,
  { plan }: Mirror,
  phase: ResyncPhase,
  after: string | null,
  limit: number,
): Promise<Part> {
  if (phase === "host") {
    const [found] = await readHost<Part>(tx, plan, compareHostRows(plan, after, limit));
    return found as Part;
  }
  const [found] = await readHost<OwnKeys>(tx, plan, absentOwnKeys(plan, after, limit, { all: false }));
  const { rows, last, absent } = found as OwnKeys;
  return { rows, last, differing: absent };
}

async function differingAmong(tx: Tx, { plan }: Mirror, keys: readonly string[]): Promise<string[]> {
  const found = await readHost<{ key: string }>(tx, plan, differingKeys(plan, keys));
  return found.map(({ key }) => key);
}
