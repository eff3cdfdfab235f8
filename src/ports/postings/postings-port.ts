import type { Clock } from "../../clock.ts";
import { ConfigurationFault } from "../../config/config.ts";
import type { ListRef, PostingSourcesConfig } from "../../config/postings.ts";
import { mapInPortions } from "../../portions.ts";
import type { PoliteFetch, Validators } from "../polite-fetch/polite-fetch.ts";
import { type CleanPosting, cleanId, cleanPosting, PostingRefused } from "./clean-posting.ts";
import { POSTING_SOURCES, sourceNamed } from "./index.ts";
import { type DraftPosting, type PostingSource, UnreadableList } from "./posting-source.ts";

/** The result of reading a list. */
export type ReadList =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "list";
      readonly postings: readonly CleanPosting[];
      /** Items that could not be read, by reason. */
      readonly refused: Readonly<Record<string, number>>;
      /** Their ids, as far as they could be read: these postings are not missing. */
      readonly unreadableIds: readonly string[];
      /** Null for a list of several pages, which is always read. */
      readonly validators: Validators | null;
      /** Whether all of its pages were read. */
      readonly isWhole: boolean;
    };

/** The boards and search engines that postings are fetched from. */
export type PostingsPort = {
  /**
   * Reads a list.
   * @throws FetchFailed, UnreadableList, or the reason of the signal.
   */
  read(list: ListRef, validators: Validators | null, signal: AbortSignal): Promise<ReadList>;
};

export const postingsPort = (
  config: PostingSourcesConfig,
  fetch: PoliteFetch,
  clock: Clock,
): PostingsPort => ({
  async read(list, validators, signal) {
    const source = sourceNamed(list.source);
    if (source === undefined) throw new UnreadableList("unknown-source");
    if (source.requires(config) !== null) throw new UnreadableList("not-configured");
    return readPages(source, list.board, { config, fetch, clock, validators, signal });
  },
});

/**
 * Checks the configuration of sources, which config/ does not know.
 * @throws ConfigurationFault for a source that does not exist, or a board that it does not have.
 */
export function checkPostingLists({ lists, baseUrls }: PostingSourcesConfig): void {
  const faults = lists.flatMap((list) => listFault(list) ?? []);
  const unknown = [...baseUrls.keys()].filter((name) => sourceNamed(name) === undefined);
  faults.push(...unknown.map((name) => `POSTING_BASE_URLS names the unknown source "${name}"`));
  if (faults.length > 0) throw new ConfigurationFault(faults);
}

function listFault({ source: name, board }: ListRef): string | null {
  const source = sourceNamed(name);
  if (source === undefined) {
    const names = POSTING_SOURCES.map((each) => each.name).join(", ");
    return `POSTING_LISTS names the unknown source "${name}" (sources: ${names})`;
  }
  if (source.board === null)
    return board === "" ? null : `POSTING_LISTS: ${name} has one list, so it takes no board`;
  return source.board.pattern.test(board)
    ? null
    : `POSTING_LISTS: ${name} needs its board, as ${name}:<board> (${source.board.what})`;
}

type Reading = {
  readonly config: PostingSourcesConfig;
  readonly fetch: PoliteFetch;
  readonly clock: Clock;
  readonly validators: Validators | null;
  readonly signal: AbortSignal;
};

async function readPages(source: PostingSource, board: string, reading: Reading): Promise<ReadList> {
  const { config, fetch, clock, signal } = reading;
  const access = { baseUrl: config.baseUrls.get(source.name) ?? null, adzuna: config.adzuna };
  const { requestsPerDay } = source.terms;
  const allowance = requestsPerDay === null ? null : { name: source.name, perDay: requestsPerDay };
  const postings = new Map<string, CleanPosting>();
  const refused: Record<string, number> = {};
  const unreadableIds: string[] = [];
  for (let number = 1; ; number++) {
    const url = source.pageUrl(board, number, access);
    // Only a list of one page is compared with the last time: one page of several shows nothing about the
    // others.
    const validators = number === 1 ? reading.validators : null;
    const fetched = await fetch({ url, accept: source.accept, validators, allowance }, signal);
    if (fetched.kind === "unchanged") return { kind: "unchanged" };
    const { items, hasNext } = await source.parse({ text: fetched.text, url, number }, board);
    // Turning thousands of descriptions into text would block the event loop.
    const all = await mapInPortions(items, (item) => readItem(source, item, { url, board }, clock.now()));
    for (const read of all) {
      if ("refusal" in read) {
        refused[read.refusal] = (refused[read.refusal] ?? 0) + 1;
        if (read.id !== null) unreadableIds.push(read.id);
      } else if (!postings.has(read.sourceId)) postings.set(read.sourceId, read);
    }
    if (hasNext && number < config.maxPages) continue;
    if (isUnreadable(postings.size, refused)) throw new UnreadableList("all-refused");
    const single = number === 1 && !hasNext ? fetched.validators : null;
    const read = { postings: [...postings.values()], refused, unreadableIds };
    return { kind: "list", ...read, validators: single, isWhole: !hasNext };
  }
}

/**
 * Whether none of the items could be read: the source has changed its format, which must not count as an
 * empty list.
 */
const isUnreadable = (read: number, { expired, ...unreadable }: Readonly<Record<string, number>>): boolean =>
  read === 0 && expired === undefined && Object.keys(unreadable).length > 0;

type Refused = {
  readonly refusal: string;
  /** Null for one without an id, and for one that has expired and may count as missing. */
  readonly id: string | null;
};

function readItem(
  source: PostingSource,
  item: unknown,
  page: { readonly url: URL; readonly board: string },
  now: Date,
): CleanPosting | Refused {
  let draft: DraftPosting | null = null;
  try {
    draft = source.draft(item, page);
    return cleanPosting(draft, now);
  } catch (error) {
    // Drafting reads fields of any type; an error of ours in one item must not hide the others.
    const refusal = error instanceof PostingRefused ? error.refusal : "unreadable";
    return { refusal, id: refusal === "expired" ? null : cleanId(draft?.id) };
  }
}
