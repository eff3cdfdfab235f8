import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { ListVersion } from "../db/versions.ts";
import type { PlacedLine, PlacedSource } from "../scoring/people/placed-people.ts";
import { shareBytes } from "../threads/share-bytes.ts";
import { keepFor } from "./pair-sizes.ts";
import { personRow } from "./person-facts.ts";
import { LIST_HEAD } from "./store-lists.ts";

/**
 * The placements in the lists of a version since its people were read, as known to this process: each
 * placement only reads what others have stored since the last one. Threads read the log from shared memory.
 *
 * A placement is stored only if nothing was placed since `changes` of the version were read, so that an
 * outdated state costs another computation but never gets into a list.
 */
export type PlacementLog = {
  /** Reads the placements up to `changes` of the version. One call at a time; others wait. */
  follow(tx: Tx, version: ListVersion): Promise<PlacedSource>;
};

const FIRST_BYTES = 64 * 1_024;

/** @param opened the version when its people were read. */
export function openPlacementLog(opened: ListVersion): PlacementLog {
  let followed = opened.changes;
  let heads: Uint8Array | null = null;
  let log = shareBytes([new Uint8Array(FIRST_BYTES)]);
  let logged = 0;
  let last: Promise<unknown> = Promise.resolve();

  const append = (line: string): void => {
    const bytes = Buffer.from(`${line}\n`);
    if (logged + bytes.length > log.length)
      log = shareBytes([log, new Uint8Array(Math.max(log.length, bytes.length))]);
    log.set(bytes, logged);
    logged += bytes.length;
  };
  const read = async (tx: Tx, version: ListVersion): Promise<PlacedSource> => {
    if (heads === null || followed < version.changes) {
      const since = { id: version.id, from: followed, to: version.changes };
      const [line, found] = await Promise.all([
        readLine(tx, since, heads === null),
        heads ?? readHeads(tx, version.id),
      ]);
      append(line);
      heads = found;
      followed = Math.max(followed, version.changes);
    }
    const served = version.servedLength ?? keepFor(version);
    return { heads, log, logged, asOf: version.asOf.getTime(), served };
  };
  return {
    follow(tx, version) {
      const next = last.then(() => read(tx, version));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

/** The heads of all lists of a version with their sizes (src/scoring/people/sent-lists.ts). */
async function readHeads(tx: Tx, version: string): Promise<Uint8Array> {
  const [read] = await rows<{ heads: Buffer | null }>(
    tx,
    sql`select string_agg(${LIST_HEAD} || int4send(cardinality(l.positions)), ''::bytea) as heads
        from pair_lists l where l.version = ${version}`,
  );
  return shareBytes(read?.heads ? [read.heads] : []);
}

type Since = { readonly id: string; readonly from: number; readonly to: number };

/** A `PlacedLine`. @param all of the lists that people left: since the version was opened. */
async function readLine(tx: Tx, { id, from, to }: Since, all: boolean): Promise<string> {
  const placed = sql`l.version = ${id} and l.changed > ${from} and l.changed > 0`;
  const [read] = await rows<{ [Column in keyof PlacedLine]: string }>(
    tx,
    sql`select (select coalesce(string_agg(${personRow(sql`l.facts`)}, ','), '') from pair_people l where ${placed} and l.facts is not null) as people,
               (select coalesce(string_agg(l.user_id::text, ','), '') from pair_people l where ${placed} and l.facts is null) as left,
               (select coalesce(json_agg(json_build_array(l.user_id, case l.tier when 'A' then 0 else 1 end, cardinality(l.positions),
                                                          l.floor_score, l.floor_user_id)), '[]')::text
                from pair_lists l where ${placed}) as lists,
               (select coalesce(string_agg(n.list::text, ','), '') from pair_entries e cross join lateral unnest(e.lists) as n(list)
                where e.version = ${id} and e.part = -1 and e.change > ${all ? 0 : from}::int and e.change <= ${to}::int) as lost`,
  );
  const { people, left, lists, lost } = read ?? { people: "", left: "", lists: "[]", lost: "" };
  return `{"people":[${people}],"left":[${left}],"lists":${lists},"lost":[${lost}]}`;
}
