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

const instantIn = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** How far the connection has been read. */
export async function loadSync(tx: Tx, connectionId: string): Promise<StoredSync> {
  const [row] = await rows<Row>(
    tx,
    sql`select sync_token as "syncToken", page_token as "pageToken", full_sync_started_at as "fullSyncStartedAt",
               full_synced_at as "fullSyncedAt", synced_at as "syncedAt"
        from calendar_connections where id = ${connectionId}`,
  );
  if (!row) throw new Error(`There is no connection ${connectionId}.`);
  return {
    syncToken: row.syncToken,
    pageToken: row.pageToken,
    fullSyncStartedAt: instantIn(row.fullSyncStartedAt),
    fullSyncedAt: instantIn(row.fullSyncedAt),
    syncedAt: instantIn(row.syncedAt),
  };
}

/** There is more: the next call goes on from that page. `fullStartedAt` is null between pages of changes. */
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

/** That was all. The token is stored whatever the page held, an empty one included: an older one would grow too old. */
export async function storeEnd(
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

/** The provider does not know any more where we were: everything is to be read again. */
export async function forgetPlace(tx: Tx, connectionId: string): Promise<void> {
  await tx.execute(
    sql`update calendar_connections set sync_token = null, page_token = null, full_sync_started_at = null
        where id = ${connectionId}`,
  );
}

/** Active connections that were not read since then, longest first. */
export async function connectionsNotReadSince(tx: Tx, since: Date, limit: number): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from calendar_connections
        where status = 'active' and (synced_at is null or synced_at <= ${since})
        order by synced_at nulls first, id limit ${limit}`,
  );
  return found.map(({ id }) => id);
}
