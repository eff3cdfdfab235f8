import { type SQL, sql } from "drizzle-orm";

/**
 * SQL: a delete of at most `limit` rows `r` of a table that meet a condition; a `returning` may follow. What
 * a statement deletes must be bounded: one that ran out of time would have more to do each time. Rows that
 * are changed concurrently stay.
 */
export const deleteSome = (table: string, condition: SQL, limit: number): SQL =>
  sql`delete from ${sql.identifier(table)} where ctid = any(array(
        select r.ctid from ${sql.identifier(table)} r where ${condition} limit ${limit}))`;
