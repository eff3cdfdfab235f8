import { type SQL, sql } from "drizzle-orm";
import { audit, circumstancesOf, type Decided } from "../db/audit.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Catalogue } from "./catalogue.ts";
import { removeEntries } from "./dead-letters.ts";

/** Neither dead nor with a worker, and not parked or held: an operator may reschedule these. */
const WAITS = sql`dead_at is null and enqueued_at is null and run_at < 'infinity'
  and (leased_until is null or leased_until <= now())`;

/** Makes entries due that wait for a later time: a delay, or their next attempt. @returns how many. */
export async function runEntriesNow(tx: Tx, ids: readonly string[], decision: Decided): Promise<number> {
  const moved = await rows<{ id: string }>(
    tx,
    sql`update outbox set run_at = now()
        where id = any(${waitingAmong(ids, sql`run_at > now()`)}) returning id`,
  );
  if (moved.length > 0) tx.dispatch.pending = true;
  await record(tx, "work.run-now", moved, decision);
  return moved.length;
}

/**
 * Postpones entries that are due or wait. Enqueueing one of them again makes it due. No attempt is used.
 * @returns how many.
 */
export async function postponeUntil(
  tx: Tx,
  ids: readonly string[],
  seconds: number,
  decision: Decided,
): Promise<number> {
  const moved = await rows<{ id: string }>(
    tx,
    sql`update outbox set run_at = now() + ${seconds} * interval '1 second'
        where id = any(${waitingAmong(ids, sql`true`)}) returning id`,
  );
  await record(tx, "work.postpone", moved, decision, { seconds });
  return moved.length;
}

/**
 * Deletes entries that wait. The run of one fails. Ranges and sums stay: without one of them their run would
 * never end. @returns how many.
 */
export async function discardWaiting(
  tx: Tx,
  ids: readonly string[],
  decision: Decided,
  catalogue: Catalogue,
): Promise<number> {
  const parts = catalogue.names.filter((name) => catalogue.find(name)?.part !== "whole");
  const waiting = await rows<{ id: string }>(
    tx,
    sql`select unnest(${waitingAmong(ids, sql`job <> all(${array(parts)}::text[])`)}) as id`,
  );
  const discarded = await removeEntries(
    tx,
    waiting.map(({ id }) => id),
  );
  await record(tx, "work.discard", discarded, decision, {
    discarded: discarded.map(({ job, key }) => `${job} ${key}`),
  });
  return discarded.length;
}

/**
 * SQL: the ids of the waiting entries that meet a condition. Locks them, skipping those that are locked.
 * `offset 0` makes the condition see what the lock returns, not the row of the snapshot.
 */
const waitingAmong = (ids: readonly string[], condition: SQL): SQL =>
  sql`array(select id from (
        select id, job, dead_at, enqueued_at, run_at, leased_until from outbox
        where id = any(${array(ids)}::bigint[]) order by id offset 0 for update skip locked) locked
      where ${WAITS} and ${condition})`;

async function record(
  tx: Tx,
  action: string,
  entries: readonly { readonly id: string }[],
  decided: Decided,
  details: Record<string, unknown> = {},
): Promise<void> {
  if (entries.length === 0) return;
  const ids = entries.map(({ id }) => id);
  await audit(tx, {
    actor: decided.actor,
    action,
    subject: ids.length === 1 ? `outbox:${ids[0]}` : "outbox",
    details: {
      ...circumstancesOf(decided),
      ...(ids.length === 1 ? {} : { ids }),
      ...details,
    },
  });
}
