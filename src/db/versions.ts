import { type SQL, sql } from "drizzle-orm";
import type { listVersions } from "./schema/versions.ts";
import { lockKey } from "./schema-keys.ts";
import { array, type Queryable, rows } from "./statement.ts";
import type { Tx } from "./transaction.ts";

// Lists whose rows carry a version: one version is served, while another is written beside it. Readers find
// the one that is served by its state, so a swap is one small transaction. Traits have versions as well.

/** The areas whose lists have versions. */
export type ListArea = "pairs" | "compatibility" | "matches" | "traits";

type VersionState = (typeof listVersions.$inferSelect)["state"];

export type ListVersion = {
  readonly id: string;
  readonly algoVersion: number;
  /** The instant that its scores are computed for. */
  readonly asOf: Date;
  /** How many of a list are served; null: all. */
  readonly servedLength: number | null;
  /** How many users were placed in its lists since it was opened. */
  readonly changes: number;
};

type Read = Omit<ListVersion, "asOf"> & { readonly asOf: string };

/** SQL: the id of the version of an area that is served. */
export const servedId = (area: ListArea): SQL =>
  sql`(select v.id from list_versions v where v.area = ${area} and v.state = 'served')`;

async function findVersion(on: Queryable, condition: SQL): Promise<ListVersion | null> {
  const [found] = await rows<Read>(
    on,
    sql`select v.id, v.algo_version as "algoVersion", v.as_of as "asOf", v.served_length as "servedLength", v.changes
        from list_versions v where ${condition}`,
  );
  return found ? { ...found, asOf: new Date(found.asOf) } : null;
}

/** The version that is served; null before the first one is complete. */
export const servedVersion = (on: Queryable, area: ListArea): Promise<ListVersion | null> =>
  findVersion(on, sql`v.area = ${area} and v.state = 'served'`);

/** A version that is still being written; null when it is served or retired. */
export const buildingVersion = (on: Queryable, id: string): Promise<ListVersion | null> =>
  findVersion(on, sql`v.id = ${id} and v.state = 'building'`);

/** The version of an area that a run is writing. */
export const versionOfRun = (
  on: Queryable,
  area: ListArea,
  runId: string | null,
): Promise<ListVersion | null> =>
  findVersion(on, sql`v.area = ${area} and v.run_id = ${runId} and v.state = 'building'`);

/** Opens a version beside the one that is served. */
export async function openVersion(
  tx: Tx,
  area: ListArea,
  { algoVersion, asOf, servedLength }: Omit<ListVersion, "id" | "changes">,
  runId: string | null,
): Promise<string> {
  const [opened] = await rows<{ id: string }>(
    tx,
    sql`insert into list_versions (area, algo_version, as_of, served_length, run_id)
        values (${area}, ${algoVersion}, ${asOf}::timestamptz, ${servedLength}, ${runId}) returning id`,
  );
  return (opened as { id: string }).id;
}

/**
 * Locks a version against retirement until the end of the transaction, for transactions that write its rows.
 *
 * @param states the states that it may be in.
 */
export async function keepVersion(
  tx: Tx,
  id: string,
  states: readonly Extract<VersionState, "building" | "served">[],
): Promise<boolean> {
  const found = await rows(
    tx,
    sql`select 1 from list_versions where id = ${id} and state = any(${array(states)}::text[]) for share`,
  );
  return found.length > 0;
}

/**
 * Serves a version that is complete, instead of the one before it. Versions of an algorithm only rise: one
 * that is older than what is served is retired instead.
 *
 * @returns whether it is served.
 */
export async function serveVersion(tx: Tx, area: ListArea, id: string, now: Date): Promise<boolean> {
  await lockArea(tx, area);
  const served = await servedVersion(tx, area);
  const building = await buildingVersion(tx, id);
  if (building === null) return false;
  if (served !== null && served.algoVersion > building.algoVersion) {
    await tx.execute(sql`update list_versions set state = 'retired' where id = ${id}`);
    return false;
  }
  await tx.execute(sql`update list_versions set state = 'retired' where area = ${area} and state = 'served'`);
  await tx.execute(
    sql`update list_versions set state = 'served', served_at = ${now}::timestamptz where id = ${id}`,
  );
  return true;
}

/**
 * Counts users who are placed in the lists of a version that is served.
 *
 * @returns false if they have changed since `expected` was read, or it is no longer served: then nothing may
 *   be written.
 */
export async function changeVersion(tx: Tx, expected: ListVersion, placed: number): Promise<boolean> {
  const changed = await tx.execute(
    sql`update list_versions set changes = changes + ${placed}::int
        where id = ${expected.id} and state = 'served' and changes = ${expected.changes}`,
  );
  return changed.rowCount === 1;
}

/** Retires a version that is still being written. */
export const retireBuilding = (tx: Tx, id: string) =>
  tx.execute(sql`update list_versions set state = 'retired' where id = ${id} and state = 'building'`);

/** Retires versions whose run has ended without serving them, as after a failure. */
export async function retireAbandoned(tx: Tx, area: ListArea): Promise<void> {
  await tx.execute(
    sql`update list_versions v set state = 'retired'
        where v.area = ${area} and v.state = 'building'
          and not exists (select 1 from job_runs r where r.id = v.run_id and r.finished_at is null)`,
  );
}

/** The retired versions, whose rows must be deleted. */
export async function retiredVersions(on: Queryable, area: ListArea): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select id from list_versions where area = ${area} and state = 'retired' order by id`,
  );
  return found.map(({ id }) => id);
}

/** Deletes a retired version, and what is left of its rows. */
export const deleteVersion = (tx: Tx, id: string) =>
  tx.execute(sql`delete from list_versions where id = ${id} and state = 'retired'`);

/** Lets one transaction at a time open or serve versions of an area. */
export async function lockArea(tx: Tx, area: ListArea): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(lockKey("list-versions", `'${area}'`))})`);
}
