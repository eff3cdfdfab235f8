import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../client.ts";
import { array, type Queryable, rows } from "../statement.ts";
import { inTransaction, type Tx } from "../transaction.ts";
import type { ChangeCursor, Position } from "./change-cursor.ts";
import { type ChangeFeed, changeSourcesOf, KNOWN, rowsOf, subjectsOf } from "./change-feeds.ts";

/** Rows of a page: at most this many, or those of one key. */
const MAX_ROWS = 1_000;
/** At most this many keys are read for one page. */
const MAX_KEYS = 2_000;
/** At most this many changes are read together, with at most this many ids in them. */
const MAX_NOTES = 500;
const MAX_NAMED = 1_000;

/**
 * How long changes are readable. They are kept a day longer, since a long transaction records them before it
 * commits.
 */
export const CHANGES_KEPT_MS = 7 * 86_400_000;

/** All current rows with this key; empty if it has none any more. */
export type Change = { readonly key: string; readonly rows: readonly Readonly<Record<string, unknown>>[] };

export type ChangeFeedPage = {
  readonly changes: readonly Change[];
  /** Which part of all rows the page holds; null for a page of changes. */
  readonly snapshot: { readonly begins: boolean; readonly ends: boolean } | null;
  /** Whether there is more to read now. */
  readonly more: boolean;
  readonly cursor: ChangeCursor;
};

/**
 * Reads the next page of a change feed, and opens the feed for a reader without a cursor: from then on its
 * changes are recorded.
 *
 * Transactions are read in the order of their ids, and only those below the oldest that is still running: one
 * that commits late is never passed over.
 *
 * @returns null for a cursor behind which changes may be missing.
 */
export async function readChangePage(
  db: Database,
  feed: ChangeFeed,
  cursor: ChangeCursor | null,
): Promise<ChangeFeedPage | null> {
  const isOpen = await touchFeed(db.drizzle, feed, cursor === null);
  if (!isOpen) return null;
  const from = cursor ?? { kind: "opened", xid: (await readHorizon(db.drizzle)).xmax };
  return inTransaction(db, async (tx) => {
    await tx.execute(sql`set transaction isolation level repeatable read, read only`);
    const horizon = await readHorizon(tx);
    return isExpired(from, horizon) ? null : readPage({ tx, feed, horizon }, from);
  });
}

/** Records that the feed was read. @returns false if it is not open and the reader has a cursor. */
async function touchFeed(on: Queryable, { view }: ChangeFeed, opens: boolean): Promise<boolean> {
  if (opens)
    await on.execute(sql`insert into change_feeds (feed) values (${view.name}) on conflict do nothing`);
  await on.execute(
    sql`update change_feeds set read_at = now() where feed = ${view.name} and read_at < now() - interval '1 hour'`,
  );
  return (await rows(on, sql`select 1 from change_feeds where feed = ${view.name}`)).length > 0;
}

/** The state of other transactions: all below `xmin` have ended, none has reached `xmax`. */
type Horizon = { readonly xmin: string; readonly xmax: string; readonly at: number };

async function readHorizon(on: Queryable): Promise<Horizon> {
  const [read] = await rows<{ xmin: string; xmax: string; at: number }>(
    on,
    sql`select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax,
               floor(extract(epoch from clock_timestamp()) * 1000)::float8 as at
        from pg_current_snapshot() s`,
  );
  return read as Horizon;
}

/** Too old, or of another server: a copy of the database on a new server counts its own transactions. */
function isExpired(cursor: ChangeCursor, { xmax, at }: Horizon): boolean {
  const positions = cursor.kind === "opened" ? [] : [cursor.from];
  const xid = cursor.kind === "opened" ? cursor.xid : cursor.from.xid;
  return BigInt(xid) > BigInt(xmax) || positions.some((position) => position.at < at - CHANGES_KEPT_MS);
}

type Reading = { readonly tx: Tx; readonly feed: ChangeFeed; readonly horizon: Horizon };

const endOf = ({ xmin, at }: Horizon): Position => ({ xid: xmin, id: "0", at });

async function readPage(reading: Reading, cursor: ChangeCursor): Promise<ChangeFeedPage> {
  const { xmin } = reading.horizon;
  switch (cursor.kind) {
    case "opened":
      // A transaction that began before the feed was opened may not have recorded its changes.
      if (BigInt(xmin) < BigInt(cursor.xid)) return { changes: [], snapshot: null, more: false, cursor };
      return readSnapshot(reading, { kind: "snapshot", from: endOf(reading.horizon), after: null });
    case "snapshot":
      return readSnapshot(reading, cursor);
    case "changes":
      return readNext(reading, cursor.from);
    case "group":
      return readGroup(reading, cursor, true);
  }
}

/** The rows of the next keys, changed or not. */
async function readSnapshot(
  reading: Reading,
  { from, after }: Extract<ChangeCursor, { kind: "snapshot" }>,
): Promise<ChangeFeedPage> {
  const { tx, feed } = reading;
  const found = await rows<{ key: string }>(
    tx,
    sql`select ${KNOWN} as key from ${subjectsOf(feed)} where ${after === null ? sql`true` : sql`${KNOWN} > ${after}::text`}
        order by ${KNOWN} limit ${MAX_KEYS}`,
  );
  const keys = found.map(({ key }) => key);
  const { changes, done } = await rowsOfKeys(reading, keys);
  const ends = done === keys.length && keys.length < MAX_KEYS;
  const last = keys[done - 1] ?? after;
  return {
    changes: changes.filter(({ rows }) => rows.length > 0),
    snapshot: { begins: after === null, ends },
    more: true,
    cursor: ends ? { kind: "changes", from } : { kind: "snapshot", from, after: last },
  };
}

type Note = { readonly xid: string; readonly id: string; readonly at: number; readonly size: number };

/** SQL: changes `n` of a feed between two positions. */
const between = (feed: ChangeFeed, from: Position, to: SQL): SQL =>
  sql`n.source = any(${array(changeSourcesOf(feed))}::text[]) and (n.xid, n.id) > (${from.xid}::xid8, ${from.id}::bigint) and ${to}`;

const upTo = (position: Position): SQL =>
  sql`(n.xid, n.id) <= (${position.xid}::xid8, ${position.id}::bigint)`;

/** The changes after a position: those of one group, or all rows if everything may have changed. */
async function readNext(reading: Reading, from: Position): Promise<ChangeFeedPage> {
  const { tx, feed, horizon } = reading;
  const notes = await rows<Note>(
    tx,
    sql`select n.xid::text as xid, n.id, floor(extract(epoch from n.at) * 1000)::float8 as at,
               coalesce(cardinality(n.keys), 0) + coalesce(cardinality(n.former_ids), 0) as size
        from result_changes n where ${between(feed, from, sql`n.xid < ${horizon.xmin}::xid8`)}
        order by n.xid, n.id limit ${MAX_NOTES}`,
  );
  if (notes[0]?.size === 0)
    return readSnapshot(reading, { kind: "snapshot", from: endOf(horizon), after: null });
  const group = firstGroup(notes);
  const last = group.at(-1);
  if (last === undefined)
    return { changes: [], snapshot: null, more: false, cursor: { kind: "changes", from: endOf(horizon) } };
  const isAll = group.length === notes.length && notes.length < MAX_NOTES;
  return readGroup(reading, { from, to: last, after: null }, !isAll);
}

/** The first changes, up to one that concerns everything or to the limit of keys; at least one. */
function firstGroup(notes: readonly Note[]): readonly Note[] {
  let named = 0;
  const end = notes.findIndex(({ size }, index) => {
    named += size;
    return size === 0 || (index > 0 && named > MAX_NAMED);
  });
  return end < 0 ? notes : notes.slice(0, end);
}

type Group = { readonly from: Position; readonly to: Position; readonly after: string | null };

/** The keys that a group of changes concerns, in their order, each with its rows as they are now. */
async function readGroup(
  reading: Reading,
  { from, to, after }: Group,
  hasMore: boolean,
): Promise<ChangeFeedPage> {
  const keys = await keysOf(reading, { from, to, after });
  const { changes, done } = await rowsOfKeys(reading, keys);
  const last = keys[done - 1];
  if (done < keys.length || keys.length === MAX_KEYS)
    return {
      changes,
      snapshot: null,
      more: true,
      cursor: { kind: "group", from, to, after: last ?? after ?? "" },
    };
  // After the last change there is nothing below the oldest running transaction.
  const position = hasMore ? { xid: to.xid, id: to.id, at: to.at } : endOf(reading.horizon);
  return { changes, snapshot: null, more: hasMore, cursor: { kind: "changes", from: position } };
}

async function keysOf({ tx, feed }: Reading, { from, to, after }: Group): Promise<string[]> {
  const noted = sql`from result_changes n where ${between(feed, from, upTo(to))}`;
  const present = await rows<{ source: string }>(tx, sql`select distinct n.source ${noted}`);
  const sources = present.map(({ source }) => source);
  const subjects = subjectsOf(feed);
  const own = feed.own.filter((source) => sources.includes(source));
  const parts = [
    sql`select ${KNOWN} as key from ${subjects}
        where t.id in (select unnest(n.keys) ${noted} and n.source = any(${array(own)}::text[]))`,
    sql`select unnest(n.former_ids) ${noted} and n.source = any(${array(own)}::text[])`,
    ...Object.entries(feed.naming)
      .filter(([source]) => sources.includes(source))
      .map(
        ([source, naming]) =>
          sql`select ${KNOWN} from ${subjects}
              where t.id in (${naming(sql`array(select unnest(n.keys) ${noted} and n.source = ${source})`)})`,
      ),
  ];
  const found = await rows<{ key: string }>(
    tx,
    sql`select key from (${sql.join(parts, sql` union `)}) k
        where ${after === null ? sql`true` : sql`key > ${after}::text`} order by key limit ${MAX_KEYS}`,
  );
  return found.map(({ key }) => key);
}

type RowsOfKeys = { readonly changes: readonly Change[]; readonly done: number };

/** The rows of the first keys, until the page is full. Keys without rows count as one. */
async function rowsOfKeys({ tx, feed }: Reading, keys: readonly string[]): Promise<RowsOfKeys> {
  const changes: Change[] = [];
  let total = 0;
  while (changes.length < keys.length && total < MAX_ROWS) {
    // As many keys as should fit, judging by those before.
    const perKey = Math.max(total / Math.max(changes.length, 1), 1);
    const size = changes.length === 0 ? 8 : Math.max(1, Math.floor((MAX_ROWS - total) / perKey));
    const batch = keys.slice(changes.length, changes.length + size);
    const byKey = await readRows(tx, feed, batch);
    for (const key of batch) {
      const found = byKey.get(key) ?? [];
      const count = Math.max(1, found.length);
      if (total > 0 && total + count > MAX_ROWS) return { changes, done: changes.length };
      changes.push({ key, rows: found });
      total += count;
    }
  }
  return { changes, done: changes.length };
}

type Row = Change["rows"][number];

async function readRows(
  tx: Tx,
  feed: ChangeFeed,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const key = sql.raw(`r.${feed.key}`);
  const found = await rows<{ key: string; row: Row }>(
    tx,
    sql`select ${key} as key, to_jsonb(r) as row from ${rowsOf(feed)} where ${key} = any(${array(keys)}::text[])`,
  );
  const byKey = new Map<string, Row[]>();
  for (const { key: of, row } of found) byKey.set(of, [...(byKey.get(of) ?? []), row]);
  return byKey;
}
