import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import { IS_DELETED } from "./profile-columns.ts";

export type SetChanges = { readonly added: number; readonly removed: number };

/** SQL: the interests of the present users of a scope as (interest_id, subject_id, user_id). */
const currentInterests = (scope: UserScope): SQL => sql`(
  select i.interest_id, s.subject_id, i.user_id
  from user_interests i
  join interests s on s.id = i.interest_id
  join profiles p on p.user_id = i.user_id
  join users u on u.id = i.user_id and not ${IS_DELETED}
  where ${inUserScope(sql`i.user_id`, scope)})`;

/**
 * Updates who has which interest, and who has one of which subject, for the users of a scope. Only missing
 * rows are inserted and obsolete ones deleted, so that readers never find the sets empty.
 */
export async function updateInterestSets(tx: Tx, scope: UserScope): Promise<SetChanges> {
  await tx.execute(sql`set local jit = off`);
  const interests = await updateSet(tx, "interest_user_set", "interest_id", scope);
  const subjects = await updateSet(tx, "interest_subject_user_set", "subject_id", scope);
  return { added: interests.added + subjects.added, removed: interests.removed + subjects.removed };
}

async function updateSet(tx: Tx, table: string, column: string, scope: UserScope): Promise<SetChanges> {
  const [set, key] = [sql.identifier(table), sql.identifier(column)];
  const removed = await tx.execute(
    sql`delete from ${set} s
        where ${inUserScope(sql`s.user_id`, scope)}
          and not exists (select 1 from ${currentInterests(scope)} c where c.user_id = s.user_id and c.${key} = s.${key})`,
  );
  const added = await tx.execute(
    sql`insert into ${set} (${key}, user_id)
        select distinct c.${key}, c.user_id from ${currentInterests(scope)} c
        where not exists (select 1 from ${set} s where s.user_id = c.user_id and s.${key} = c.${key})
        order by 1, 2 on conflict do nothing`,
  );
  return { added: added.rowCount ?? 0, removed: removed.rowCount ?? 0 };
}
