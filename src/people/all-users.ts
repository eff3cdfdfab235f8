import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { MAX_ID, type UserScope } from "../db/user-scope.ts";

/** Ranges of ids with at most `size` users each. They cover all ids, so that rows of users who left go. */
export async function cutAllUsers(tx: Tx, size: number): Promise<UserScope[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select id from (select id, row_number() over (order by id) as n from users) counted
        where (n - 1) % ${size} = 0 order by id`,
  );
  const bounds = ["0", ...starts.slice(1).map(({ id }) => id), MAX_ID];
  return bounds.slice(0, -1).map((from, index) => ({ from, to: bounds[index + 1] as string }));
}
