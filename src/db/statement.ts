import { sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { PREPARED_MARK } from "./prepared.ts";

/** Something that answers one statement: a transaction, or the pool for a read of its own. */
export type Queryable = Pick<NodePgDatabase<Record<string, never>>, "execute">;

/** Runs one statement and returns its rows. Integers of 8 bytes and numerics arrive as strings. */
export async function rows<Row extends Record<string, unknown>>(
  on: Queryable,
  query: ReturnType<typeof sql>,
): Promise<Row[]> {
  return (await on.execute<Row>(query)).rows as Row[];
}

/**
 * A statement that each connection prepares once and keeps with its plan: for those that run for each piece of work. Its plan may be
 * older than the data, so it has to be one that goes by an index whatever the sizes.
 */
export const prepared: typeof sql = ((strings: TemplateStringsArray, ...values: unknown[]) =>
  sql`${PREPARED}${sql(strings, ...values)}`) as typeof sql;

const PREPARED = sql.raw(PREPARED_MARK);

/**
 * An array as one parameter, in the notation of Postgres; the statement says its type (`::bigint[]`). Drizzle would spread it into a
 * list, and the driver quotes each element with two regular expressions: a tenth of the time that a group of sales takes.
 */
export const array = (values: readonly unknown[]) => sql.param(arrayLiteral(values));

/** Nothing of it means anything to the array notation. */
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
