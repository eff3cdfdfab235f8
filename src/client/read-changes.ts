import { signGet } from "./sign-request.ts";

/**
 * All current rows of a table of results that have this key. If there are none, remove those that you have.
 */
export type ResultChange = {
  readonly key: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
};

export type ChangePage = {
  readonly table: string;
  /** The column with the key. */
  readonly key: string;
  readonly changes: readonly ResultChange[];
  /**
   * Set on pages that list all rows. After the last of these, keys that were on none of them have no rows any
   * more.
   */
  readonly snapshot: { readonly begins: boolean; readonly ends: boolean } | null;
  /** Whether there is more to read now. */
  readonly more: boolean;
  /** Store it with the rows: the next page begins after it. */
  readonly cursor: string;
};

export type ReadChangesOptions = {
  /** The address of the service: `https://commonwork.example`. */
  readonly url: string;
  /** DOMAIN_EVENTS_WEBHOOK_SECRET. */
  readonly secret: string;
  /** The name of a table of results: `match_scores`. */
  readonly table: string;
  /** The cursor of the last page that was stored; null: begin with all rows. */
  readonly cursor: string | null;
  /** Stores a page and its cursor, best in one transaction: replaces the rows of each of its keys. */
  apply(page: ChangePage): Promise<void>;
  /** Ends the call after the page under way. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
};

const TIME_LIMIT_MS = 60_000;

/**
 * Reads the changes of a table of results, page by page, until there are no more. Call it at intervals, with
 * the cursor that it returned. After more than seven days without a call it begins with all rows again.
 *
 * @returns the cursor of the last page.
 * @throws Error when the service does not answer, or refuses the call: try again later.
 */
export async function readChanges(options: ReadChangesOptions): Promise<string | null> {
  let { cursor } = options;
  while (!options.signal?.aborted) {
    const page = await readPage(options, cursor);
    if (page === null) {
      cursor = null;
      continue;
    }
    await options.apply(page);
    cursor = page.cursor;
    if (!page.more) break;
  }
  return cursor;
}

/** @returns null when the cursor is too old. */
async function readPage(
  { url, secret, table, fetch: send = fetch }: ReadChangesOptions,
  cursor: string | null,
): Promise<ChangePage | null> {
  const address = new URL("/api/v1/changes", url);
  address.searchParams.set("table", table);
  if (cursor !== null) address.searchParams.set("since", cursor);
  const response = await send(address, {
    headers: signGet(address, secret),
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  if (response.status === 410 && cursor !== null) return null;
  if (response.status !== 200) throw new Error(`the service answered ${response.status}`);
  return (await response.json()) as ChangePage;
}
