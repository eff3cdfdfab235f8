import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** A user who waits to be placed, and when they changed: as text, since a Date has no microseconds. */
export type WaitingChange = { readonly userId: string; readonly changedAt: string };

/** Records that users changed. Unknown ones are ignored. */
export async function recordChanges(tx: Tx, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await tx.execute(
    sql`insert into pair_changes (user_id)
        select id from users where id = any(${array([...new Set(userIds)])}::bigint[]) order by id
        on conflict (user_id) do update set changed_at = excluded.changed_at`,
  );
}

/** Those who wait the longest. @param only of these users; default: of all. */
export const waitingChanges = (tx: Tx, limit: number, only?: readonly string[]): Promise<WaitingChange[]> =>
  rows<WaitingChange>(
    tx,
    sql`select user_id as "userId", changed_at::text as "changedAt" from pair_changes
        where ${only ? sql`user_id = any(${array(only)}::bigint[])` : sql`true`}
        order by changed_at, user_id limit ${limit}`,
  );

export async function countWaiting(tx: Tx): Promise<number> {
  const [counted] = await rows<{ n: number }>(tx, sql`select count(*)::int as n from pair_changes`);
  return counted?.n ?? 0;
}

/** Removes those who were placed, unless they have changed again. */
export async function settleChanges(tx: Tx, placed: readonly WaitingChange[]): Promise<void> {
  await tx.execute(
    sql`delete from pair_changes c
        using unnest(${array(placed.map(({ userId }) => userId))}::bigint[],
                     ${array(placed.map(({ changedAt }) => changedAt))}::timestamptz[]) as p(user_id, changed_at)
        where c.user_id = p.user_id and c.changed_at = p.changed_at`,
  );
}

/** Removes changes from before a version was opened, which its lists contain. */
export const settleChangesBefore = (tx: Tx, version: string) =>
  tx.execute(
    sql`delete from pair_changes c using list_versions v where v.id = ${version} and c.changed_at < v.created_at`,
  );
