import { sql } from "drizzle-orm";
import { coverIds } from "../db/cut-ids.ts";
import type { Tx } from "../db/transaction.ts";
import type { UserScope } from "../db/user-scope.ts";

/**
 * Ranges of ids with at most `size` users each. They cover all ids, so that rows of users who have left are
 * deleted.
 */
export const cutAllUsers = (tx: Tx, size: number): Promise<UserScope[]> =>
  coverIds(tx, sql`select id from users`, size);
