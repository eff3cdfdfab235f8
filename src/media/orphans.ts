import { type SQL, sql } from "drizzle-orm";
import { type IdRange, idRangesBefore } from "../db/id-ranges.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** How long an upload may be unattached. */
const ORPHAN_AFTER_MS = 86_400_000;

/** Rows of one range: a fraction of a second. */
const PER_RANGE = 20_000n;
const MAX_RANGES = 1_000;

/**
 * SQL: whether something refers to record `m`. Every table that refers to media must be here, or its media
 * are deleted.
 */
const ATTACHED = sql`(exists (select from post_media p where p.media_id = m.id)
  or exists (select from profiles p where p.avatar_media_id = m.id))`;

const beforeOf = (now: Date): string => new Date(now.getTime() - ORPHAN_AFTER_MS).toISOString();

/** Cuts the records that are older than a day into ranges. */
export const cutOldMedia = (tx: Tx, now: Date): Promise<IdRange[]> =>
  idRangesBefore(tx, { table: "media", time: "created_at" }, beforeOf(now), {
    size: PER_RANGE,
    max: MAX_RANGES,
  });

/** The condition of an orphan: nothing refers to it, and it was not written for a day. */
const orphansIn = ({ from, to }: IdRange, now: Date): SQL =>
  sql`m.id >= ${from} and m.id < ${to} and m.created_at < ${beforeOf(now)}::timestamptz
      and m.updated_at < ${beforeOf(now)}::timestamptz and not ${ATTACHED}`;

export async function countOrphans(tx: Tx, range: IdRange, now: Date): Promise<number> {
  const [counted] = await rows<{ n: number }>(
    tx,
    sql`select count(*)::int as n from media m where ${orphansIn(range, now)}`,
  );
  return counted?.n ?? 0;
}

/** Deletes the orphans of a range. @returns how many, and the keys of their files. */
export async function deleteOrphans(
  tx: Tx,
  range: IdRange,
  now: Date,
): Promise<{ readonly records: number; readonly keys: string[] }> {
  const deleted = await rows<{ key: string | null }>(
    tx,
    sql`delete from media m where ${orphansIn(range, now)} returning m.storage_key as key`,
  );
  const keys = new Set(deleted.flatMap(({ key }) => (key === null ? [] : [key])));
  return { records: deleted.length, keys: [...keys] };
}

/** Those of the keys that no record has. */
export async function unusedKeys(tx: Tx, keys: readonly string[]): Promise<string[]> {
  const used = await rows<{ key: string }>(
    tx,
    sql`select storage_key as key from media where storage_key = any(${array(keys)}::text[])`,
  );
  const kept = new Set(used.map(({ key }) => key));
  return keys.filter((key) => !kept.has(key));
}
