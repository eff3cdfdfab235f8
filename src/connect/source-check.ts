import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import { beginResync, type Mirror, readMirrors, waitForMirrors } from "./installed.ts";
import { shapeFaults } from "./source-shape.ts";
import { functionOf, sourceName, triggerNames } from "./triggers.ts";

/** The state of a source since its mirror was installed. */
type InspectedSource = {
  /** Its fault, for an operator; null if its changes are recorded. */
  readonly fault: string | null;
  /** The oid of a table that was recreated and has all triggers, as after a restored dump. */
  readonly recreatedAs: string | null;
};

/** Checks the sources of a mirror, in their order: whether triggers record each of their changes. */
export async function inspectSources(
  on: Queryable,
  schema: string,
  { table, plan }: Pick<Mirror, "table" | "plan">,
): Promise<InspectedSource[]> {
  const inspected: InspectedSource[] = [];
  for (const source of plan.sources) {
    const target = { schema, mirror: table, source };
    const names = triggerNames(target);
    const [found] = await rows<{ oid: string | null; firing: number }>(
      on,
      sql`select c.oid::text as oid,
                 (select count(*)::int from pg_trigger t
                  where t.tgrelid = c.oid and t.tgenabled = 'A' and t.tgname = any(${array(names)}::text[])
                    and t.tgfoid = to_regprocedure(${`${functionOf(target)}()`})) as firing
          from (select to_regclass(quote_ident(${source.schema}) || '.' || quote_ident(${source.table}))::oid as oid) c`,
    );
    const name = sourceName(source);
    const oid = found?.oid ?? null;
    if (oid === null) inspected.push({ fault: `${name} does not exist`, recreatedAs: null });
    else if (found?.firing !== names.length)
      inspected.push({ fault: `${name} lacks triggers, or they are disabled`, recreatedAs: null });
    else {
      const missed = (await shapeFaults(on, [oid])).get(oid) ?? null;
      inspected.push({ fault: missed, recreatedAs: oid === source.oid ? null : oid });
    }
  }
  return inspected;
}

/** A source whose changes are not recorded. */
export type SourceFault = { readonly mirror: string; readonly fault: string };

/**
 * Checks the sources of all mirrors. A table that was recreated with its triggers, by a dump that was
 * restored, got its rows before them, so its mirror is resynced.
 */
export async function checkSources(db: Database): Promise<SourceFault[]> {
  const faults: SourceFault[] = [];
  for (const mirror of await readMirrors(db.drizzle)) {
    const inspected = await inspectSources(db.drizzle, db.schema, mirror);
    for (const { fault } of inspected) if (fault !== null) faults.push({ mirror: mirror.table, fault });
    if (inspected.some(({ recreatedAs }) => recreatedAs !== null)) await adopt(db, mirror, inspected);
  }
  return faults;
}

async function adopt(
  db: Database,
  { table, plan }: Mirror,
  inspected: readonly InspectedSource[],
): Promise<void> {
  const sources = plan.sources.map((source, index) => ({
    ...source,
    oid: inspected[index]?.recreatedAs ?? source.oid,
  }));
  await inTransaction(db, async (tx) => {
    await waitForMirrors(tx);
    await tx.execute(
      sql`update mirrors set plan = ${JSON.stringify({ ...plan, sources })}::jsonb where table_name = ${table}`,
    );
    await beginResync(tx, [table]);
  });
}
