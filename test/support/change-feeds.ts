import {
  type ChangeCursor,
  readChangeCursor,
  writeChangeCursor,
} from "../../src/db/results/change-cursor.ts";
import { CHANGE_FEEDS, type ChangeFeed } from "../../src/db/results/change-feeds.ts";
import { type ChangeFeedPage, readChangePage } from "../../src/db/results/read-changes.ts";
import type { World } from "./world.ts";

/** A host that copies a table of results by its change feed. */
export type Copy = {
  /** The rows by their key. */
  readonly rows: Map<string, unknown>;
  readonly pages: ChangeFeedPage[];
  /** Reads until there is no more. */
  read(): Promise<void>;
};

export const feedOf = (table: string): ChangeFeed => {
  const feed = CHANGE_FEEDS.get(table);
  if (feed === undefined) throw new Error(`no change feed of ${table}`);
  return feed;
};

/** Orders rows, so that copies can be compared. */
const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

export function copyOf(world: World, table: string): Copy {
  const rows = new Map<string, unknown>();
  const pages: ChangeFeedPage[] = [];
  let cursor: ChangeCursor | null = null;
  let seen = new Set<string>();
  const apply = ({ changes, snapshot }: ChangeFeedPage) => {
    if (snapshot?.begins) seen = new Set();
    for (const { key, rows: found } of changes) {
      seen.add(key);
      if (found.length > 0) rows.set(key, sorted(found));
      else rows.delete(key);
    }
    if (snapshot?.ends) for (const key of [...rows.keys()]) if (!seen.has(key)) rows.delete(key);
  };
  return {
    rows,
    pages,
    async read() {
      for (;;) {
        const page: ChangeFeedPage | null = await readChangePage(world.db, feedOf(table), cursor);
        if (page === null) throw new Error("the cursor has expired");
        pages.push(page);
        apply(page);
        // As a host stores it.
        cursor = readChangeCursor(writeChangeCursor(page.cursor));
        if (!page.more) return;
      }
    },
  };
}

/** What the view shows, as a copy has it. */
export async function viewRows(world: World, table: string): Promise<Map<string, unknown>> {
  const { key } = feedOf(table);
  const found = await world.query<{ key: string; rows: unknown[] }>(
    `select r.${key} as key, jsonb_agg(to_jsonb(r)) as rows from ${world.config.resultsSchema}.${table} r group by 1`,
  );
  return new Map(found.map((row) => [row.key, sorted(row.rows)]));
}
