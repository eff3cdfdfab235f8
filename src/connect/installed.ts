import { sql } from "drizzle-orm";
import type { mirrors } from "../db/schema/connect.ts";
import { lockKey } from "../db/schema-keys.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { type MirrorPlan, readPlan } from "./plan.ts";

/** A resync compares the rows of the host, then our own. */
export type ResyncPhase = NonNullable<(typeof mirrors.$inferSelect)["resync"]>;

/** A mirror that is installed. */
export type Mirror = {
  readonly table: string;
  readonly plan: MirrorPlan;
  readonly resync: ResyncPhase | null;
  readonly resyncAfter: string | null;
  /** Rows that it has compared: the host's, then our own. */
  readonly resyncRows: number;
  /** When it began. */
  readonly resyncSince: string | null;
  readonly acceptsRemovals: boolean;
  readonly stopped: boolean;
  /** Whether the host sends its rows as records: it has no select, and nothing to compare it with. */
  readonly ofRecords: boolean;
};

/** Keys by the table of their mirror. */
export type Keys = Map<string, Set<string>>;

/** All mirrors, those that others refer to first. */
export async function readMirrors(on: Queryable): Promise<Mirror[]> {
  const found = await rows<Omit<Mirror, "plan"> & { plan: unknown }>(
    on,
    sql`select table_name as table, plan, resync, resync_after as "resyncAfter", resync_since as "resyncSince",
               case when resync_after is null then 0 else resync_rows end::float8 as "resyncRows", accepts_removals as "acceptsRemovals",
               stopped_at is not null as stopped, of_records as "ofRecords"
        from mirrors order by table_name`,
  );
  return parentsFirst(found.map((mirror) => ({ ...mirror, plan: readPlan(mirror.plan) })));
}

/** Sorts mirrors so that each comes after those it refers to; references in a circle are left out. */
export function parentsFirst<M extends Pick<Mirror, "table" | "plan">>(mirrors: readonly M[]): M[] {
  const byTable = new Map(mirrors.map((mirror) => [mirror.table, mirror]));
  const sorted = new Set<M>();
  const visit = (mirror: M, path: readonly M[]) => {
    if (sorted.has(mirror) || path.includes(mirror)) return;
    for (const { references } of mirror.plan.columns) {
      const parent = references && byTable.get(references.table);
      if (parent) visit(parent, [...path, mirror]);
    }
    sorted.add(mirror);
  };
  for (const mirror of mirrors) visit(mirror, []);
  return [...sorted];
}

const LOCK = sql.raw(lockKey("reconcile-mirrors"));

/**
 * Only the transaction with the lock may change mirrored rows: two reconcilers would overwrite new rows with
 * old ones. Nobody waits for it.
 */
export async function lockMirrors(tx: Tx): Promise<boolean> {
  const [row] = await rows<{ locked: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${LOCK}) as locked`);
  return row?.locked === true;
}

/** Waits for the lock: for what installs, resumes and uninstalls. */
export const waitForMirrors = (tx: Tx): Promise<unknown> =>
  tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);

/** Keys per note, as the triggers write them. */
export const KEYS_PER_NOTE = 1_000;

/** Records keys of a mirror, to be reconciled later. */
export async function noteKeys(tx: Tx, mirror: string, keys: Iterable<string>): Promise<void> {
  const all = [...keys];
  for (let from = 0; from < all.length; from += KEYS_PER_NOTE) {
    const chunk = all.slice(from, from + KEYS_PER_NOTE);
    await tx.execute(
      sql`insert into dirty (mirror, keys) values (${mirror}, to_jsonb(${array(chunk)}::text[]))`,
    );
  }
}

/** Begins the resync of mirrors, from the start. */
export const beginResync = (tx: Queryable, mirrors: readonly string[]): Promise<unknown> =>
  tx.execute(
    sql`update mirrors set resync = 'host', resync_after = null, resync_since = coalesce(resync_since, now())
        where table_name = any(${array(mirrors)}::text[])`,
  );

/** A mirror cannot continue. `commonwork connect status` shows the reason, without values of rows. */
export class MirrorStopped extends Error {
  override readonly name = "MirrorStopped";
}

export const stopMirror = (tx: Tx, mirror: string, reason: string): Promise<unknown> =>
  tx.execute(
    sql`update mirrors set stopped_at = coalesce(stopped_at, now()), stopped_because = ${reason} where table_name = ${mirror}`,
  );
