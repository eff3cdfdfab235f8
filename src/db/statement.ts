import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { PREPARED_MARK } from "./prepared.ts";

/** Runs one statement: a transaction, or the pool for a statement of its own. */
export type Queryable = Pick<NodePgDatabase<Record<string, never>>, "execute">;

/** Runs one statement and returns its rows. bigint and numeric values are strings. */
export async function rows<Row extends Record<string, unknown>>(
  on: Queryable,
  query: ReturnType<typeof sql>,
): Promise<Row[]> {
  return (await on.execute<Row>(query)).rows as Row[];
}

/**
 * A statement that each connection prepares once, for statements that run per entry. Its plan may be older
 * than the data, so the statement must use an index whatever the table sizes are.
 */
export const prepared: typeof sql = ((strings: TemplateStringsArray, ...values: unknown[]) =>
  sql`${PREPARED}${sql(strings, ...values)}`) as typeof sql;

const PREPARED = sql.raw(PREPARED_MARK);

/**
 * An array as one parameter in Postgres's text format; the statement casts it (`::bigint[]`). Drizzle would
 * expand it into a list, and the driver's own quoting took a tenth of the time of a group of sales.
 */
export const array = (values: readonly unknown[]) => sql.param(arrayLiteral(values));

/** Has no special meaning in an array literal. */
const PLAIN = /^[\w.:+-]+$/;

function arrayLiteral(values: readonly unknown[]): string {
  let literal = "{";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) literal += ",";
    literal += elementOf(values[i]);
  }
  return `${literal}}`;
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Buffer.isBuffer(value)) return `"\\\\x${value.toString("hex")}"`;
  const text = value instanceof Date ? value.toISOString() : String(value);
  if (PLAIN.test(text) && text.toUpperCase() !== "NULL") return text;
  return text.includes('"') || text.includes("\\") ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}
