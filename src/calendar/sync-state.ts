import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { SyncState } from "../scoring/calendar/calendar-sync.ts";

export type StoredSync = SyncState & { readonly syncedAt: Date | null };

type Row = {
  syncToken: string | null;
  pageToken: string | null;
  fullSyncStartedAt: string | null;
  fullSyncedAt: string | null;
  syncedAt: string | null;
};

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** The sync state of a connection. */
export async function loadSync(tx: Tx, connectionId: string): Promise<StoredSync> {
  const [row] = await rows<Row>(
    tx,
    sql`select sync_token as "syncToken", page_token as "pageToken", full_sync_started_at as "fullSyncStartedAt",
               full_synced_at as "fullSyncedAt", synced_at as "syncedAt"
        from calendar_connections where id = ${connectionId}`,
  );
  if (!row) throw new Error(`connection ${connectionId} does not exist`);
  return {
    syncToken: row.syncToken,
    pageToken: row.pageToken,
    fullSyncStartedAt: dateOf(row.fullSyncStartedAt),
    fullSyncedAt: dateOf(row.fullSyncedAt),
    syncedAt: dateOf(row.syncedAt),
  };
}

/** Stores where the next call continues. `fullStartedAt` is null between pages of changes. */
export async function storePage(
  tx: Tx,
  connectionId: string,
  pageToken: string,
  fullStartedAt: Date | null,
): Promise<void> {
  await tx.execute(
    sql`update calendar_connections set page_token = ${pageToken}, full_sync_started_at = ${fullStartedAt}
        where id = ${connectionId}`,
  );
}

/** Completes a sync. The new token is stored even if the page was empty, because an old token expires. */
export async function finishSync(
  tx: Tx,
  connectionId: string,
  syncToken: string,
  fullStartedAt: Date | null,
  now: Date,
): Promise<void> {
  await tx.execute(
    sql`update calendar_connections
        set sync_token = ${syncToken}, page_token = null, full_sync_started_at = null, synced_at = ${now},
            full_synced_at = coalesce(${fullStartedAt}::timestamptz, full_synced_at)
        where id = ${connectionId}`,
  );
}

/** The provider no longer accepts the sync token, so the next sync is a full one. */
export async function resetSync(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(
    sql`update calendar_connections set sync_token = null, page_token = null, full_sync_started_at = null
        where id = ${connectionId}`,
  );
}

/** Active connections whose last complete sync is older than `since`, oldest first. */
export async function connectionsNotSyncedSince(tx: Tx, since: Date, limit: number): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from calendar_connections
        where status = 'active' and (synced_at is null or synced_at <= ${since})
        order by synced_at nulls first, id limit ${limit}`,
  );
  return found.map(({ id }) => id);
}

/**
 * Records which calendar a connection reads, by its name at the provider.
 *
 * @returns whether it was read under another name before.
 */
export async function recordCalendarName(
  tx: Tx,
  connectionId: string,
  name: string | null,
): Promise<boolean> {
  if (name === null) return false;
  const hash = createHash("sha256").update(name).digest();
  const [before] = await rows<{ isAnother: boolean }>(
    tx,
    sql`with before as (select id, calendar_name from calendar_connections where id = ${connectionId}),
             named as (update calendar_connections c set calendar_name = ${hash} from before b
                       where c.id = b.id and b.calendar_name is distinct from ${hash})
        select coalesce(calendar_name <> ${hash}, false) as "isAnother" from before`,
  );
  return before?.isAnother ?? false;
}

/** Deletes the entries of a calendar that is no longer connected. Their meetings are left as they are. */
export async function forgetEntries(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(sql`delete from calendar_copies where connection_id = ${connectionId}`);
}
