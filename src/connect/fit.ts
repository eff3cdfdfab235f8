import { type SQL, sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { MappingFault } from "./mapping.ts";
import {
  anyOfKeys,
  differingKeys,
  keysOfSource,
  keysThrough,
  sampleOf,
  sampleRows,
} from "./mirror-statements.ts";
import type { MirrorPlan, PlanColumn } from "./plan.ts";
import { sourceName } from "./triggers.ts";

// Faults that a mapping file can have although Postgres accepts its select.

/** The role may not read a table, and need not: the service reads. A statement took too long. */
const UNKNOWN = /^(42501|57014)$/;
/** Values out of range, types and operators. */
const REFUSED = /^(22|42)/;

/**
 * Lets Postgres plan the query of the mirror: the select restricted to keys, with its columns cast to ours.
 * Nothing is read.
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
 * The sources of which none of the first 1,000 rows leads to a row of the select: either the select filters
 * out all of these, or changes of the source would be missed. Those without rows, and those that this role
 * may not read, are left out.
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

/**
 * What the values of the first 1,000 rows of the select violate: types, constraints of our tables, and
 * columns that must have a value. Such rows would be faults of the mirror. In sentences, without the values.
 */
export async function unfitValues(tx: Tx, plan: MirrorPlan): Promise<string[]> {
  const values = plan.columns.filter(({ references }) => references === null);
  const unfit = await unfitColumns(tx, plan, values);
  const fitting = values.filter((column) => !unfit.has(column));
  return [
    ...[...unfit].map(
      ([{ name, type }, code]) => `${name}: a value of the first 1,000 rows cannot become ${type} (${code})`,
    ),
    ...(await brokenRules(tx, plan, fitting)),
  ];
}

/**
 * The columns with a value that cannot be cast to ours, with the error code of Postgres. Checked one by one
 * only if there are some.
 */
async function unfitColumns(
  tx: Tx,
  plan: MirrorPlan,
  columns: readonly PlanColumn[],
): Promise<Map<PlanColumn, string>> {
  const unfit = new Map<PlanColumn, string>();
  if (columns.length === 0 || (await refusalOf(tx, sampleRows(plan, columns))) === null) return unfit;
  for (const column of columns) {
    const code = await refusalOf(tx, sampleRows(plan, [column]));
    if (code !== null) unfit.set(column, code);
  }
  return unfit;
}

/** How many rows violate each constraint of our table that concerns only these columns. */
async function brokenRules(tx: Tx, plan: MirrorPlan, columns: readonly PlanColumn[]): Promise<string[]> {
  const rules = await rulesOf(tx, plan.table, columns);
  if (rules.length === 0) return [];
  const counts = rules.map(
    ({ rule }) => sql`count(*) filter (where not coalesce((${sql.raw(rule)}), true))::int`,
  );
  const [found] = await attempt<{ broken: number[] }>(
    tx,
    plan,
    sql`select array[${sql.join(counts, sql`, `)}] as broken from (${sampleRows(plan, columns)}) t`,
    "Postgres does not compare the values with the rules of our table",
  );
  return rules.flatMap(({ column, rule }, index) => {
    const n = found?.broken[index] ?? 0;
    return n === 0 ? [] : [`${column}: ${n} of the first 1,000 rows break the rule ${rule}`];
  });
}

/** The code with which Postgres refuses values; null if it does not, or that cannot be known. */
async function refusalOf(tx: Tx, statement: SQL): Promise<string | null> {
  try {
    // Counted: a subquery whose columns nobody needs would not be cast.
    await tx.transaction((savepoint) => rows(savepoint, sql`select count(t) from (${statement}) t`));
    return null;
  } catch (error) {
    const code = databaseFault(error)?.code ?? "";
    if (UNKNOWN.test(code)) return null;
    if (!REFUSED.test(code)) throw error;
    return code;
  }
}

type Rule = { readonly column: string; readonly rule: string };

/** The constraints of one of our tables that concern only some of its columns. */
const rulesOf = (tx: Tx, table: string, columns: readonly PlanColumn[]): Promise<Rule[]> =>
  rows<Rule>(
    tx,
    sql`with ours as (select to_regclass(quote_ident(current_schema()) || '.' || quote_ident(${table}))::oid as oid),
             mapped as (select attnum, attname, attnotnull from pg_attribute, ours
                        where attrelid = ours.oid and attname = any(${array(columns.map(({ name }) => name))}::text[]))
        select attname as "column", format('%I is not null', attname) as rule from mapped where attnotnull
        union all
        select (select string_agg(attname, ', ' order by attnum) from mapped where attnum = any(k.conkey)), pg_get_expr(k.conbin, k.conrelid)
        from pg_constraint k, ours where k.conrelid = ours.oid and k.contype = 'c' and k.conkey <@ array(select attnum from mapped)
        order by 1, 2`,
  );

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
