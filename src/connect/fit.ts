import { type SQL, sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { MappingFault } from "./mapping.ts";
import { anyOfKeys, differingKeys, keysOfSource, keysThrough, sampleOf } from "./mirror-statements.ts";
import type { MirrorPlan } from "./plan.ts";
import { sourceName } from "./triggers.ts";

// What a mapping file can have wrong although Postgres reads its select.

/** The role may not read a table, and need not: the service reads. A statement took too long. */
const UNKNOWN = /^(42501|57014)$/;
/** Values out of range, types and operators. */
const REFUSED = /^(22|42)/;

/**
 * Lets Postgres plan what the mirror will ask: the select restricted to keys, its columns as ours. Nothing is
 * read.
 *
 * @throws MappingFault for a key or a column whose type does not fit.
 */
export const requireFit = (tx: Tx, plan: MirrorPlan): Promise<unknown> =>
  attempt(
    tx,
    plan,
    sql`explain ${differingKeys(plan, [])}`,
    "Postgres refuses the select with its key and the types of our columns",
  );

/**
 * The sources of which none of the first 1,000 rows leads to a row of the select: the select hides all of
 * these, or changes of the source would not be noticed. Those without rows, and those that this role may not
 * read, are left out.
 */
export async function unreachedSources(tx: Tx, plan: MirrorPlan): Promise<string[]> {
  const unreached: string[] = [];
  for (const source of plan.sources) {
    const name = sourceName(source);
    const refusal = `Postgres does not read keys in the rows of ${name}`;
    const read = async (statement: SQL) =>
      (await attempt<{ key: string }>(tx, plan, statement, refusal)).map(({ key }) => key);
    const changed = await read(source.through === null ? keysOfSource(source) : sampleOf(source));
    if (changed.length === 0) continue;
    const keys =
      source.through === null ? changed : await read(keysThrough(source.through, plan.key.length, changed));
    if (keys.length === 0 || (await read(anyOfKeys(plan, keys))).length === 0) unreached.push(name);
  }
  return unreached;
}

/** The rows of a statement; none if that cannot be known. @throws MappingFault if Postgres refuses it. */
async function attempt<Row extends Record<string, unknown>>(
  tx: Tx,
  { table }: MirrorPlan,
  statement: SQL,
  refusal: string,
): Promise<Row[]> {
  try {
    return await tx.transaction((savepoint) => rows<Row>(savepoint, statement));
  } catch (error) {
    const code = databaseFault(error)?.code ?? "";
    if (UNKNOWN.test(code)) return [];
    if (!REFUSED.test(code)) throw error;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new MappingFault(table, `${refusal}: ${(cause as Error).message}`);
  }
}
