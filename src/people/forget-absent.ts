import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { IS_DELETED } from "./profile-columns.ts";

/**
 * Deletes the computed data of users who have left: their traits, interests, lists. The lists of others skip
 * them when they are read, and lose them when they are placed.
 */
export async function forgetAbsent(tx: Tx, userIds: readonly string[]): Promise<void> {
  const absent = await rows<{ id: string }>(
    tx,
    sql`select n.id from unnest(${array(userIds)}::bigint[]) as n(id)
        where not exists (select 1 from profiles p join users u on u.id = p.user_id where p.user_id = n.id and not ${IS_DELETED})`,
  );
  if (absent.length === 0) return;
  const ids = array(absent.map(({ id }) => id));
  await tx.execute(sql`delete from user_traits where user_id = any(${ids}::bigint[])`);
  await tx.execute(sql`delete from interest_user_set where user_id = any(${ids}::bigint[])`);
  await tx.execute(sql`delete from interest_subject_user_set where user_id = any(${ids}::bigint[])`);
  await tx.execute(
    sql`delete from pair_lists where version in (select id from list_versions) and user_id = any(${ids}::bigint[])`,
  );
  await tx.execute(
    sql`delete from compatibility_lists where version in (select id from list_versions) and user_id = any(${ids}::bigint[])`,
  );
}
