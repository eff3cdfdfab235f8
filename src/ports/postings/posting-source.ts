import type { PostingSourcesConfig } from "../../config/postings.ts";
import { readJsonList } from "../requests/json-list.ts";

/** A posting as a source lists it. Its fields are unchecked; `cleanPosting` checks them. */
export type DraftPosting = {
  readonly id: unknown;
  readonly title: unknown;
  readonly company: unknown;
  readonly location?: unknown;
  /** HTML or plain text. */
  readonly description?: unknown;
  readonly link: unknown;
  /** ISO 8601 (without an offset: UTC), or milliseconds. */
  readonly postedAt?: unknown;
  readonly validThrough?: unknown;
  readonly salary?: DraftSalary;
  /** As the source spells it, such as FULL_TIME. */
  readonly jobType?: unknown;
  /** As the source spells it, or whether it is remote. */
  readonly remoteType?: unknown;
};

export type DraftSalary = {
  readonly min?: unknown;
  readonly max?: unknown;
  readonly currency?: unknown;
  readonly period?: unknown;
  /** As text. Min and max are read from it if they are absent. */
  readonly raw?: unknown;
};

/** One page of a list. */
export type ListPage = { readonly text: string; readonly url: URL; readonly number: number };

export type ParsedPage = {
  /** Each is drafted and cleaned separately, so that only the unreadable ones are refused. */
  readonly items: readonly unknown[];
  /** Whether the list has further pages. */
  readonly hasNext: boolean;
};

/** The terms of the operator of a source. */
export type SourceTerms = {
  /** The attribution that has to be shown with its postings and the link back; null: only the link. */
  readonly attribution: string | null;
  /** Null: the terms set no limit. */
  readonly requestsPerDay: number | null;
  /** Least time between two fetches of a list. */
  readonly everyMinutes: number;
};

/** A source of job postings. Adding one: a file like this, a line in index.ts, a fixture. */
export type PostingSource = {
  readonly name: string;
  /** One sentence for `commonwork postings:sources` and the docs. */
  readonly about: string;
  readonly terms: SourceTerms;
  /** Whether it is the employer's own board, which is preferred to copies elsewhere. */
  readonly isEmployer: boolean;
  /** Whether a list contains all open postings, so that a missing one is closed. */
  readonly isFull: boolean;
  /** What a board in POSTING_LISTS refers to; null: the source has only one list. */
  readonly board: { readonly what: string; readonly pattern: RegExp } | null;
  /** Variables without which it cannot be used. */
  readonly requires: (config: PostingSourcesConfig) => string | null;
  readonly accept: string;
  /** @param number from 1. */
  pageUrl(board: string, number: number, access: SourceAccess): URL;
  /** Reads a page of megabytes in portions. @throws UnreadableList */
  parse(page: ListPage, board: string): Promise<ParsedPage>;
  draft(item: unknown, page: { readonly url: URL; readonly board: string }): DraftPosting;
};

/** The address and credentials of a source. */
export type SourceAccess = {
  /** Null: the usual address. */
  readonly baseUrl: string | null;
  readonly adzuna: PostingSourcesConfig["adzuna"];
};

/** A response that is not a list of postings: an error page, a truncated document, another format. */
export class UnreadableList extends Error {
  override readonly name = "UnreadableList";
}

export const JSON_TYPE = "application/json";

export const needsNothing = (): null => null;

/** A board name that is safe in a path. */
export const BOARD_NAME = /^[\w.-]{1,100}$/;

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none of anything else. */
export const jsonFieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/**
 * The items of a JSON document: the document itself, or a list in it. `rest`: the other fields of the
 * document.
 *
 * @throws UnreadableList
 */
export async function readList(
  text: string,
  key: string | null,
): Promise<{ readonly items: readonly unknown[]; readonly rest: unknown }> {
  const list = await readJsonList(text, key);
  if ("fault" in list) throw new UnreadableList(list.fault);
  return list;
}

/** The page of a list that has one page, under a key or as the whole document. @throws UnreadableList */
export const onlyPage =
  (key: string | null, isPosting: (item: unknown) => boolean = () => true): PostingSource["parse"] =>
  async ({ text }) => ({ items: (await readList(text, key)).items.filter(isPosting), hasNext: false });

/** The name of a board as the name of its company: "acme-labs" is "Acme Labs". */
export const companyOfBoard = (board: string): string =>
  board
    .replace(/^.*\//, "")
    .split(/[-_.]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
