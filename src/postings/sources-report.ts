import { sql } from "drizzle-orm";
import type { PostingSourcesConfig } from "../config/postings.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { POSTING_SOURCES } from "../ports/postings/index.ts";
import type { PostingSource, SourceTerms } from "../ports/postings/posting-source.ts";

/** A list of postings, or a source without a configured list. */
export type SourceStatus = {
  readonly source: string;
  readonly about: string;
  readonly board: string | null;
  readonly terms: SourceTerms;
  /** Requests of today (UTC), for a source whose terms limit them. */
  readonly requestsToday: number | null;
  readonly lastSuccess: Date | null;
  readonly nextFetch: Date | null;
  /** Of the last fetch that succeeded. */
  readonly counts: Record<"found" | "stored" | "duplicates" | "failed", number> | null;
  readonly failures: number;
  /** What it is waiting for: a setting, or the end of a fault. Null: only the next run. */
  readonly waitsFor: string | null;
};

type Row = {
  source: string;
  board: string;
  succeededAt: string | null;
  nextFetchAt: string | null;
  failures: number;
  fault: string | null;
  shrunkSince: string | null;
  found: number;
  stored: number;
  duplicates: number;
  failed: number;
};

/** Every source with its configured lists, in the order of POSTING_SOURCES. */
export async function sourcesReport(
  on: Queryable,
  config: PostingSourcesConfig,
  facts: { readonly now: Date; readonly nextRun: Date | null },
): Promise<SourceStatus[]> {
  const found = await rows<Row>(
    on,
    sql`select source, board, succeeded_at as "succeededAt", next_fetch_at as "nextFetchAt", failures, fault,
               shrunk_since as "shrunkSince", found, stored, duplicates, failed
        from posting_listings`,
  );
  const requests = await rows<{ name: string; requests: number }>(
    on,
    sql`select name, requests from outside_requests where day = (${facts.now}::timestamptz at time zone 'UTC')::date`,
  );
  const requestsOf = new Map(requests.map(({ name, requests: n }) => [name, n]));
  return POSTING_SOURCES.flatMap((source) => {
    const lists = config.lists.filter((list) => list.source === source.name);
    const shared = {
      source: source.name,
      about: source.about,
      terms: source.terms,
      requestsToday: source.terms.requestsPerDay === null ? null : (requestsOf.get(source.name) ?? 0),
    };
    if (lists.length === 0) return [{ ...shared, ...notConfigured(source, config) }];
    return lists.map((list) => {
      const row = found.find((each) => each.source === list.source && each.board === list.board);
      return { ...shared, board: list.board, ...statusOf(source, config, row, facts.nextRun) };
    });
  });
}

type Status = Omit<SourceStatus, "source" | "about" | "terms" | "requestsToday">;

const notConfigured = (source: PostingSource, config: PostingSourcesConfig): Status => ({
  board: null,
  lastSuccess: null,
  nextFetch: null,
  counts: null,
  failures: 0,
  waitsFor: [
    `${source.board === null ? source.name : `${source.name}:<board>`} in POSTING_LISTS`,
    source.requires(config),
  ]
    .filter((each) => each !== null)
    .join(", "),
});

function statusOf(
  source: PostingSource,
  config: PostingSourcesConfig,
  row: Row | undefined,
  nextRun: Date | null,
): Omit<Status, "board"> {
  const earliest = row?.nextFetchAt ? new Date(row.nextFetchAt) : null;
  const isRetried = earliest !== null && row !== undefined && row.failures > 0;
  const waits = [source.requires(config), row?.fault ?? null, row?.shrunkSince ? "list-has-shrunk" : null];
  return {
    lastSuccess: row?.succeededAt ? new Date(row.succeededAt) : null,
    nextFetch: isRetried ? earliest : later(earliest, nextRun),
    counts:
      row?.succeededAt == null
        ? null
        : { found: row.found, stored: row.stored, duplicates: row.duplicates, failed: row.failed },
    failures: row?.failures ?? 0,
    waitsFor: waits.find((each) => each !== null) ?? null,
  };
}

const later = (a: Date | null, b: Date | null): Date | null => (a !== null && b !== null && a > b ? a : b);

/** The name of the list in POSTING_LISTS. */
export const listName = ({ source, board }: { source: string; board: string | null }): string =>
  board === null || board === "" ? source : `${source}:${board}`;
