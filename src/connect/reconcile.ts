import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { type Applied, applyKeys } from "./apply-keys.ts";
import {
  beginResync,
  type Keys,
  lockMirrors,
  type Mirror,
  noteKeys,
  readMirrors,
  stopMirror,
} from "./installed.ts";
import { stopReason } from "./isolate.ts";
import { inRound } from "./key-limit.ts";
import { absentOwnKeys, keysThrough, nextHostKeys, type OwnKeys } from "./mirror-statements.ts";
import { setMuted, splitByAge, withoutNudges } from "./muted-rows.ts";
import { readHost } from "./read-host.ts";

/** The result of a round. `busy`: another reconciler is running. `idle`: there was nothing to apply. */
export type RoundResult =
  | { readonly kind: "busy" }
  | { readonly kind: "idle" }
  | ({ readonly kind: "applied" } & Applied);

const BUSY = { kind: "busy" } as const;
const IDLE = { kind: "idle" } as const;

/**
 * Limits of notes per round, and of keys per round or part of a resync, so that it takes less than half a
 * second.
 */
const NOTES_PER_ROUND = 500;
export const KEYS_PER_ROUND = 10_000;

/**
 * Applies the oldest recorded changes, in one transaction. The host's rows are read after the records of
 * changes were taken, so they are at least as new as these.
 *
 * @param limit about how many keys to take; at least those of one note.
 * @param limitMs after which it is rolled back.
 */
export const applyNotes = (db: Database, limit = KEYS_PER_ROUND, limitMs?: number): Promise<RoundResult> =>
  inRound(db, (tx) => applyOldest(tx, limit), limit, limitMs);

async function applyOldest(tx: Tx, limit: number): Promise<RoundResult> {
  if (!(await lockMirrors(tx))) return BUSY;
  const mirrors = await readMirrors(tx);
  const notes = await takeNotes(tx, activeTables(mirrors), limit);
  if (notes.length === 0) return IDLE;
  const whole = notes.filter(({ keys }) => keys === null).map(({ mirror }) => mirror);
  if (whole.length > 0) await beginResync(tx, whole);
  const { keys, stopped } = await keysOf(tx, mirrors, notes);
  const left = withoutStopped(mirrors, stopped);
  const { old, recent } = await splitByAge(tx, left, keys);
  const first = old.size === 0 ? NOTHING : await withoutNudges(tx, () => applyKeys(tx, left, old));
  const second = await applyKeys(tx, withoutStopped(left, first.stopped), recent);
  return {
    kind: "applied",
    keys: first.keys + second.keys,
    stopped: [...stopped, ...first.stopped, ...second.stopped],
  };
}

const NOTHING: Applied = { stopped: [], keys: 0 };

const withoutStopped = (mirrors: readonly Mirror[], stopped: readonly Stopped[]): Mirror[] =>
  mirrors.filter(({ table }) => !stopped.some(({ mirror }) => mirror === table));

const activeTables = (mirrors: readonly Mirror[]): string[] =>
  mirrors.filter(({ stopped }) => !stopped).map(({ table }) => table);

type Note = { readonly mirror: string; readonly source: string | null; readonly keys: string[] | null };

async function takeNotes(tx: Tx, tables: readonly string[], limit: number): Promise<Note[]> {
  if (tables.length === 0) return [];
  return rows<Note>(
    tx,
    sql`delete from dirty d using (
          select id from (
            select id, sum(coalesce(jsonb_array_length(keys), 1)) over (order by id) - coalesce(jsonb_array_length(keys), 1) as before
            from (select id, keys from dirty where mirror = any(${array(tables)}::text[]) order by id limit ${NOTES_PER_ROUND}) oldest
          ) counted where before < ${limit}
        ) taken where d.id = taken.id returning d.mirror, d.source, d.keys`,
  );
}

type Stopped = { readonly mirror: string; readonly reason: string };

/** The keys of the mirrors whose rows changed. A mirror whose keys cannot be found is stopped. */
async function keysOf(
  tx: Tx,
  mirrors: readonly Mirror[],
  notes: readonly Note[],
): Promise<{ keys: Keys; stopped: Stopped[] }> {
  const keys: Keys = new Map();
  const stopped: Stopped[] = [];
  for (const { mirror, source, values } of grouped(notes)) {
    const installed = mirrors.find(({ table }) => table === mirror);
    const through = source === null ? null : throughOf(installed, source);
    try {
      const found =
        installed === undefined || through === null
          ? values
          : await tx.transaction((savepoint) => throughKeys(savepoint, installed, through, values));
      keys.set(mirror, new Set([...(keys.get(mirror) ?? []), ...found]));
    } catch (error) {
      const reason = installed ? await stopReason(tx, installed.plan, error) : null;
      if (reason === null) throw error;
      stopped.push({ mirror, reason });
      await stopMirror(tx, mirror, reason);
      await tx.execute(
        sql`insert into dirty (mirror, source, keys) values (${mirror}, ${source}, to_jsonb(${array(values)}::text[]))`,
      );
    }
  }
  for (const { mirror } of stopped) {
    await noteKeys(tx, mirror, keys.get(mirror) ?? []);
    keys.delete(mirror);
  }
  return { keys, stopped };
}

type Group = { readonly mirror: string; readonly source: string | null; readonly values: string[] };

function grouped(notes: readonly Note[]): Group[] {
  const noted = notes.filter(({ keys }) => keys !== null);
  const groups = groupBy(noted, ({ mirror, source }) => JSON.stringify([mirror, source]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first, values: group.flatMap(({ keys }) => keys ?? []) }] : [];
  });
}

const throughOf = (mirror: Mirror | undefined, source: string): string | null =>
  mirror?.plan.sources.find(({ schema, table }) => `${schema}.${table}` === source)?.through ?? null;

async function throughKeys(
  tx: Tx,
  { plan }: Mirror,
  through: string,
  values: readonly string[],
): Promise<string[]> {
  const found = await readHost<{ key: string | null }>(
    tx,
    plan,
    keysThrough(through, plan.key.length, values),
  );
  return found.flatMap(({ key }) => key ?? []);
}

/**
 * Continues the resync of the first mirror that has one: first the rows of the host in the order of their
 * keys, then our own, which finds those that the host no longer has. The rows may be old, so they cause no
 * nudge.
 */
export const resyncPart = (db: Database, limit = KEYS_PER_ROUND, limitMs?: number): Promise<RoundResult> =>
  inRound(db, (tx) => applyPart(tx, limit), limit, limitMs);

async function applyPart(tx: Tx, limit: number): Promise<RoundResult> {
  if (!(await lockMirrors(tx))) return BUSY;
  const mirrors = await readMirrors(tx);
  const mirror = mirrors.find(({ resync, stopped }) => resync !== null && !stopped);
  if (!mirror) return IDLE;
  await setMuted(tx, true);
  const part = await nextPart(tx, mirror, limit);
  if ("reason" in part) return { kind: "applied", stopped: [{ mirror: mirror.table, ...part }], keys: 0 };
  const applied = await applyKeys(tx, mirrors, new Map([[mirror.table, new Set(part.keys)]]), {
    comparedRows: part.rows,
  });
  if (!applied.stopped.some((one) => one.mirror === mirror.table)) await advance(tx, mirror, part);
  return { kind: "applied", stopped: applied.stopped, keys: part.rows };
}

/** Part of a resync: the keys to apply, and how many rows it took to find them, the last of them by key. */
type ResyncPart = { readonly keys: readonly string[]; readonly rows: number; readonly last: string | null };

async function nextPart(
  tx: Tx,
  mirror: Mirror,
  limit: number,
): Promise<ResyncPart | { readonly reason: string }> {
  const { table, plan, resync } = mirror;
  try {
    return await tx.transaction((savepoint) =>
      resync === "host" ? hostPart(savepoint, mirror, limit) : ownPart(savepoint, mirror, limit),
    );
  } catch (error) {
    const reason = await stopReason(tx, plan, error);
    if (reason === null) throw error;
    await stopMirror(tx, table, reason);
    return { reason };
  }
}

async function hostPart(tx: Tx, { plan, resyncAfter }: Mirror, limit: number): Promise<ResyncPart> {
  const found = await readHost<{ key: string }>(tx, plan, nextHostKeys(plan, resyncAfter, limit));
  const keys = found.map(({ key }) => key);
  return { keys, rows: keys.length, last: keys.at(-1) ?? null };
}

/** The host's rows were applied before; the rest are those that it no longer has. */
async function ownPart(tx: Tx, { plan, resyncAfter }: Mirror, limit: number): Promise<ResyncPart> {
  const [found] = await readHost<OwnKeys>(tx, plan, absentOwnKeys(plan, resyncAfter, limit, { all: true }));
  const { absent, rows, last } = found as OwnKeys;
  return { keys: absent, rows, last };
}

async function advance(tx: Tx, { table, resync }: Mirror, { rows, last }: ResyncPart): Promise<void> {
  const where = sql`where table_name = ${table}`;
  if (last !== null)
    await tx.execute(
      sql`update mirrors set resync_after = ${last},
            resync_rows = case when resync_after is null then 0 else resync_rows end + ${rows} ${where}`,
    );
  else if (resync === "host")
    await tx.execute(sql`update mirrors set resync = 'own', resync_after = null ${where}`);
  else
    await tx.execute(
      sql`update mirrors set resync = null, resync_after = null, resync_since = null, accepts_removals = false ${where}`,
    );
}
