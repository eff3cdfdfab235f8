import { sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { roleNames } from "../db/roles.ts";
import { rows } from "../db/statement.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { requireFit, unfitValues, unreachedSources } from "./fit.ts";
import { createTriggers, removeTriggers, withLockRetries } from "./host-triggers.ts";
import { beginResync, parentsFirst, readMirrors, waitForMirrors } from "./installed.ts";
import { eachMapping, type Mapping, MappingFault } from "./mapping.ts";
import { type MirrorPlan, planMirror } from "./plan.ts";
import { hiddenFrom } from "./read-host.ts";
import {
  grantReads,
  missingGrants,
  needsRight,
  type ReadRight,
  revokeReads,
  tablesRead,
} from "./read-rights.ts";
import { sourceName } from "./triggers.ts";

/** A mapping that fits the database. */
export type CheckedMapping = {
  readonly mapping: Mapping;
  readonly plan: MirrorPlan;
  /** Tables whose rows row-level security may hide from the service. */
  readonly hidden: readonly string[];
  /** The statements that let the service read the tables, as far as it may not yet. */
  readonly unreadable: readonly string[];
  /** Columns whose times have no zone in the host: they are read as UTC. */
  readonly zoneless: readonly string[];
  /** What values of the first rows violate, in sentences: such rows would be faults. */
  readonly unfit: readonly string[];
  /** Sources none of whose first 1,000 rows matches a row of the select. */
  readonly unreached: readonly string[];
};

/**
 * Checks mappings against the database, all of them.
 *
 * @returns them, those that others refer to first.
 * @throws MappingFault, or MappingFaults, for those that do not fit.
 */
export async function checkMappings(db: Database, mappings: readonly Mapping[]): Promise<CheckedMapping[]> {
  const checked = await eachMapping(mappings, (mapping) =>
    inTransaction(db, (tx) => checkMapping(tx, db.schema, mapping)),
  );
  const installed = (await readMirrors(db.drizzle)).map(({ table }) => table);
  const tables = new Set([...installed, ...checked.map(({ table }) => table)]);
  await eachMapping(checked, async ({ table, plan }) => refuseUnmapped(table, plan, tables));
  return parentsFirst(checked);
}

async function checkMapping(
  tx: Tx,
  schema: string,
  mapping: Mapping,
): Promise<CheckedMapping & { readonly table: string }> {
  const { plan, zoneless } = await planMirror(tx, mapping);
  await requireFit(tx, plan);
  const { app } = roleNames(schema);
  return {
    table: mapping.table,
    mapping,
    plan,
    zoneless,
    hidden: await hiddenFrom(tx, app, tablesRead(plan)),
    unreadable: await missingGrants(tx, app, tablesRead(plan)),
    unreached: await unreachedSources(tx, plan),
    unfit: await unfitValues(tx, plan),
  };
}

/** Without a mirror of the table that a column refers to, each of its rows would wait forever. */
function refuseUnmapped(table: string, { columns }: MirrorPlan, tables: ReadonlySet<string>): void {
  for (const { name, references } of columns)
    if (references && !tables.has(references.table))
      throw new MappingFault(table, `${name} refers to ${references.table}, which has no mapping`);
}

type InstallOptions = {
  /** For the audit log. */
  readonly actor: string;
  /** The triggers exist: the owner of the host's tables has run `installSql`. */
  readonly triggersExist: boolean;
};

/**
 * Installs a mirror, or replaces its mapping: first the triggers, one table per transaction, so that nothing
 * is missed, then the resync that copies what is there.
 *
 * @returns the statements that are left to the owners of the tables, without which the service may not read
 * them.
 */
export async function installMirror(
  db: Database,
  { mapping, plan }: CheckedMapping,
  { actor, triggersExist }: InstallOptions,
): Promise<string[]> {
  const { table } = mapping;
  const { granted, left } = await grantReads(db, plan);
  if (!triggersExist) {
    for (const source of plan.sources) await createTriggers(db, { schema: db.schema, mirror: table, source });
  }
  await inTransaction(db, async (tx) => {
    await waitForMirrors(tx);
    const before = (await readMirrors(tx)).find((mirror) => mirror.table === table);
    const stored: MirrorPlan = { ...plan, granted: [...(before?.plan.granted ?? []), ...granted] };
    await tx.execute(
      sql`insert into mirrors (table_name, mapping, plan, resync, resync_since)
          values (${table}, ${mapping.text}, ${JSON.stringify(stored)}::jsonb, 'host', now())
          on conflict (table_name) do update set mapping = excluded.mapping, plan = excluded.plan, resync = 'host',
            resync_after = null, resync_since = coalesce(mirrors.resync_since, now()), stopped_at = null, stopped_because = null,
            of_records = false, accepts_removals = false`,
    );
    if (before?.ofRecords) await forgetRecords(tx, table);
    if (before && !triggersExist) await removeReplaced(tx, db.schema, before.plan, plan);
    await audit(tx, { actor, action: "mirror.install", subject: `mirrors:${table}` });
  });
  return [...left];
}

/** From now on the host's own table is the source of its rows. */
async function forgetRecords(tx: Tx, table: string): Promise<void> {
  for (const name of ["pending_records", "record_versions", "mirror_waiting"])
    await tx.execute(sql`delete from ${sql.identifier(name)} where mirror = ${table}`);
}

/** Removes the triggers on sources that only the mapping before had. */
async function removeReplaced(tx: Tx, schema: string, before: MirrorPlan, after: MirrorPlan): Promise<void> {
  const names = after.sources.map(sourceName);
  for (const source of before.sources)
    if (!names.includes(sourceName(source)))
      await removeTriggers(tx, { schema, mirror: before.table, source });
}

/**
 * Removes a mirror: its triggers, the changes recorded for it, and the rights that were granted to the
 * service for it. The rows that were mirrored stay.
 *
 * @returns the statements that are left to the owners of the tables; null if there is no such mirror.
 */
export async function uninstallMirror(db: Database, table: string, actor: string): Promise<string[] | null> {
  const mirror = (await readMirrors(db.drizzle)).find((each) => each.table === table);
  if (!mirror) return null;
  for (const source of mirror.plan.sources)
    await withLockRetries(db, (tx) => removeTriggers(tx, { schema: db.schema, mirror: table, source }));
  const unneeded = await inTransaction(db, async (tx) => {
    await waitForMirrors(tx);
    for (const [name, column] of [
      ["mirrors", "table_name"],
      ["dirty", "mirror"],
      ["mirror_waiting", "mirror"],
      ["mirror_faults", "mirror"],
    ] as const)
      await tx.execute(sql`delete from ${sql.identifier(name)} where ${sql.identifier(column)} = ${table}`);
    await audit(tx, { actor, action: "mirror.uninstall", subject: `mirrors:${table}` });
    return handOver(tx, mirror.plan.granted);
  });
  return revokeReads(db, unneeded);
}

/**
 * Passes the rights of a removed mirror on to the mirrors that need them.
 * @returns the rights that no mirror needs.
 */
async function handOver(tx: Tx, rights: readonly ReadRight[]): Promise<ReadRight[]> {
  const mirrors = await readMirrors(tx);
  const unneeded: ReadRight[] = [];
  const handed = new Map<string, ReadRight[]>();
  for (const right of rights) {
    const heir = mirrors.find(({ plan }) => needsRight(plan, right))?.table;
    if (heir === undefined) unneeded.push(right);
    else handed.set(heir, [...(handed.get(heir) ?? []), right]);
  }
  for (const [heir, more] of handed)
    await tx.execute(
      sql`update mirrors set plan = jsonb_set(plan, '{granted}', coalesce(plan -> 'granted', '[]') || ${JSON.stringify(more)}::jsonb)
          where table_name = ${heir}`,
    );
  return unneeded;
}

/**
 * Resumes a stopped mirror with a resync.
 *
 * @returns false if there is none.
 */
export async function resumeMirror(
  db: Database,
  table: string,
  { actor, acceptsRemovals }: { readonly actor: string; readonly acceptsRemovals: boolean },
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    await waitForMirrors(tx);
    const resumed = await rows(
      tx,
      sql`update mirrors set stopped_at = null, stopped_because = null, resync_after = null,
                 resync = case when not of_records then 'host' end, resync_since = case when not of_records then now() end,
                 accepts_removals = of_records or ${acceptsRemovals}
          where table_name = ${table} returning table_name`,
    );
    if (resumed.length === 0) return false;
    await audit(tx, {
      actor,
      action: "mirror.resume",
      subject: `mirrors:${table}`,
      details: { acceptsRemovals },
    });
    return true;
  });
}

/** Compares all rows of the host with mirrors again. The running workers do it. */
export const backfillMirrors = (db: Database, mirrors: readonly string[], actor: string): Promise<void> =>
  inTransaction(db, async (tx) => {
    await waitForMirrors(tx);
    await beginResync(tx, mirrors);
    for (const mirror of mirrors)
      await audit(tx, { actor, action: "mirror.backfill", subject: `mirrors:${mirror}` });
  });
