import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { describeRefused } from "./fault-columns.ts";
import { type Keys, type Mirror, MirrorStopped, noteKeys, stopMirror } from "./installed.ts";
import { type RefusedKey, stopReason } from "./isolate.ts";
import { acceptAgain, deletedAmong, settlePending } from "./pending-records.ts";
import { countRemovals, removeMirrorRows } from "./remove-rows.ts";
import { withdrawRights } from "./withdraw-rights.ts";
import { writeMirrorRows } from "./write-rows.ts";

/** The result of a round. */
export type Applied = {
  /** The mirrors that were stopped, and why. */
  readonly stopped: readonly { readonly mirror: string; readonly reason: string }[];
  readonly keys: number;
};

/** Why rows were not written or removed. */
export type Unwritten = {
  /** Rows that our tables do not accept, and rows that cannot be removed. */
  readonly refused: readonly RefusedRow[];
  /** Rows that wait for one that they refer to. */
  readonly waiting: Keys;
};

export type RefusedRow = RefusedKey & { readonly mirror: string };

/** A row that waits for another of its own table needs one more pass for each row in between. */
const MAX_PASSES = 20;
/**
 * Removing more rows than both of these stops a mirror, since the host probably hides rows or has lost them.
 */
const MAX_REMOVED = 100;
const MAX_REMOVED_SHARE = 0.2;

type Round = {
  readonly tx: Tx;
  /** Those that others refer to first. */
  readonly mirrors: readonly Mirror[];
  readonly todo: Keys;
  /** Rows that the host no longer has. */
  readonly gone: Keys;
  /** Rows that wait for a parent: they are recorded, but not yet rows of the mirror. */
  readonly waiting: Keys;
  readonly refused: Keys;
  /** Rows that cause no nudge: they return with their parent, or were sent as a backfill. */
  readonly quiet: Keys;
  readonly stopped: Map<string, string>;
  readonly faults: RefusedRow[];
  /** Those of `waiting` that are left at the end. */
  readonly left: Keys;
  /**
   * How many rows the part of a resync compared. Null outside of a resync: the limit of removals is then a
   * share of all rows.
   */
  readonly comparedRows: number | null;
  keys: number;
};

/**
 * Makes the rows of the given keys equal to those of the selects of their mappings, in one transaction. First
 * rows are written, parents first, and rows that waited for them are released; then rows that the host no
 * longer has are removed, children first; then refused rows are tried again, since a removed row may have
 * been in conflict with them.
 *
 * @param options.comparedRows for a part of a resync: how many rows it compared; null for recorded changes.
 * @param options.quiet rows that cause no nudge.
 */
export async function applyKeys(
  tx: Tx,
  mirrors: readonly Mirror[],
  given: Keys,
  {
    comparedRows = null,
    quiet = [],
  }: { readonly comparedRows?: number | null; readonly quiet?: Iterable<[string, Set<string>]> } = {},
): Promise<Applied & Unwritten> {
  const round: Round = {
    tx,
    mirrors: mirrors.filter(({ stopped }) => !stopped),
    todo: new Map([...given].map(([table, keys]) => [table, new Set(keys)])),
    gone: new Map(),
    waiting: new Map(),
    refused: new Map(),
    quiet: new Map(quiet),
    stopped: new Map(),
    faults: [],
    left: new Map(),
    comparedRows,
    keys: 0,
  };
  for (let pass = 0; pass < MAX_PASSES && round.todo.size > 0; pass++) {
    for (const mirror of round.mirrors) {
      const keys = take(round.todo, mirror.table);
      if (keys.length > 0) await writeKeys(round, mirror, keys);
    }
    // Mirrors that are stopped or not installed: only released rows have such keys.
    for (const table of round.todo.keys())
      if (!round.mirrors.some((mirror) => mirror.table === table))
        await noteKeys(tx, table, take(round.todo, table));
  }
  for (const [table, keys] of round.todo) await noteKeys(tx, table, keys);
  for (const mirror of [...round.mirrors].reverse()) {
    const waiting = take(round.waiting, mirror.table);
    add(round.left, mirror.table, waiting);
    const gone = take(round.gone, mirror.table);
    if (gone.length + waiting.length > 0) await removeKeys(round, mirror, { gone, waiting });
  }
  for (const mirror of round.mirrors) await retryRefused(round, mirror);
  return {
    stopped: [...round.stopped].map(([mirror, reason]) => ({ mirror, reason })),
    keys: round.keys,
    refused: round.faults,
    waiting: round.left,
  };
}

function take(keys: Keys, table: string): string[] {
  const taken = [...(keys.get(table) ?? [])];
  keys.delete(table);
  return taken;
}

function add(keys: Keys, table: string, added: Iterable<string>): void {
  const all = keys.get(table) ?? new Set();
  for (const key of added) all.add(key);
  if (all.size > 0) keys.set(table, all);
}

/** Runs the work of one mirror under a savepoint. A fault of its mapping stops the mirror and no other. */
async function guard(
  { tx, stopped }: Round,
  mirror: Mirror,
  keys: readonly string[],
  work: (savepoint: Tx) => Promise<void>,
): Promise<void> {
  if (stopped.has(mirror.table)) return noteKeys(tx, mirror.table, keys);
  try {
    await tx.transaction(work);
  } catch (error) {
    const reason = error instanceof MirrorStopped ? error.message : await stopReason(tx, mirror.plan, error);
    if (reason === null) throw error;
    stopped.set(mirror.table, reason);
    await stopMirror(tx, mirror.table, reason);
    await noteKeys(tx, mirror.table, keys);
  }
}

async function writeKeys(round: Round, mirror: Mirror, keys: readonly string[]): Promise<void> {
  await guard(round, mirror, keys, async (savepoint) => {
    const { written, refused } = await writeMirrorRows(savepoint, mirror, keys, round.quiet);
    round.keys += keys.length;
    // A row that waited in an earlier pass may be written by now.
    const waited = round.waiting.get(mirror.table);
    if (waited) for (const key of keys) waited.delete(key);
    add(round.waiting, mirror.table, written.waiting);
    const { absent } = written;
    add(
      round.gone,
      mirror.table,
      mirror.ofRecords ? await deletedAmong(savepoint, mirror.table, absent) : absent,
    );
    add(
      round.refused,
      mirror.table,
      refused.map(({ key }) => key),
    );
    // Before others are released: these may be among the keys, and are still to be written.
    if (mirror.ofRecords) {
      const refusedKeys = new Set(refused.map(({ key }) => key));
      const settled = keys.filter((key) => !refusedKeys.has(key));
      await settlePending(savepoint, mirror.table, settled);
    }
    for (const woken of await wake(savepoint, mirror.table, written.fresh)) {
      add(round.todo, woken.mirror, [woken.key]);
      if (woken.quiet) add(round.quiet, woken.mirror, [woken.key]);
    }
    if (written.hasFaults) await forgetFaults(savepoint, mirror.table, keys);
  });
}

type Woken = { readonly mirror: string; readonly key: string; readonly quiet: boolean };

/** The rows that waited for these. */
const wake = (tx: Tx, table: string, keys: readonly string[]): Promise<Woken[]> =>
  keys.length === 0
    ? Promise.resolve([])
    : rows(
        tx,
        sql`delete from mirror_waiting where needs = ${table} and needs_key = any(${array(keys)}::text[])
            returning mirror, key, quiet`,
      );

const forgetFaults = (tx: Tx, table: string, keys: readonly string[]): Promise<unknown> =>
  tx.execute(sql`delete from mirror_faults where mirror = ${table} and key = any(${array(keys)}::text[])`);

type Removed = { readonly gone: readonly string[]; readonly waiting: readonly string[] };

async function removeKeys(round: Round, mirror: Mirror, { gone, waiting }: Removed): Promise<void> {
  const keys = [...gone, ...waiting];
  await guard(round, mirror, keys, async (savepoint) => {
    if (!mirror.acceptsRemovals) await refuseManyRemovals(savepoint, mirror, keys, round.comparedRows);
    const { mirrors } = round;
    const refused = [
      ...(await removeMirrorRows(savepoint, mirrors, mirror, gone, "gone")),
      ...(await removeMirrorRows(savepoint, mirrors, mirror, waiting, "waiting")),
    ];
    await recordFaults(savepoint, round, mirror, refused);
  });
}

/** @throws MirrorStopped */
async function refuseManyRemovals(
  tx: Tx,
  { plan }: Mirror,
  keys: readonly string[],
  comparedRows: number | null,
): Promise<void> {
  if (keys.length <= MAX_REMOVED || plan.gone === "keep") return;
  const { removed, all } = await countRemovals(tx, plan, keys);
  if (removed <= MAX_REMOVED || removed <= MAX_REMOVED_SHARE * (comparedRows ?? all)) return;
  throw new MirrorStopped(
    `the host no longer has ${removed} of ${comparedRows ?? all} rows; commonwork connect resume ${plan.table} --accept-removals removes them`,
  );
}

async function retryRefused(round: Round, mirror: Mirror): Promise<void> {
  const keys = take(round.refused, mirror.table);
  if (keys.length === 0) return;
  await guard(round, mirror, keys, async (savepoint) => {
    const { written, refused } = await writeMirrorRows(savepoint, mirror, keys, round.quiet);
    await recordFaults(savepoint, round, mirror, refused);
    if (mirror.ofRecords) {
      await settlePending(savepoint, mirror.table, keys);
      await acceptAgain(
        savepoint,
        mirror.table,
        refused.map(({ key }) => key),
      );
    }
    for (const woken of await wake(savepoint, mirror.table, written.fresh))
      await noteKeys(savepoint, woken.mirror, [woken.key]);
  });
}

/** Without values of the row: the code, the column and the rule describe the fault. */
async function recordFaults(
  tx: Tx,
  { faults }: Round,
  mirror: Mirror,
  refused: readonly RefusedKey[],
): Promise<void> {
  if (refused.length === 0) return;
  const { table, ofRecords } = mirror;
  faults.push(...refused.map((each) => ({ ...each, mirror: table })));
  const described = await describeRefused(tx, mirror, refused);
  await tx.execute(
    sql`insert into mirror_faults (mirror, key, code, constraint_name, column_name, reason)
        select ${table}, f.key, f.code, f."constraint", f."column", f.reason
        from jsonb_to_recordset(${JSON.stringify(described)}::jsonb) as f(key text, code text, "constraint" text, "column" text, reason text)
        on conflict (mirror, key) do update set code = excluded.code, constraint_name = excluded.constraint_name,
          column_name = excluded.column_name, reason = excluded.reason, at = now()`,
  );
  if (!ofRecords)
    await withdrawRights(
      tx,
      table,
      refused.map(({ key }) => key),
    );
}
