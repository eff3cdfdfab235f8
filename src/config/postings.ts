import { defineArea } from "./area.ts";
import { entriesOf, optional, whole, withDefault, yesNo } from "./fields.ts";

/** A list of postings: a source, and the board, country or page of it. */
export type ListRef = { readonly source: string; readonly board: string };

/** How postings are fetched. Not for jobs: it holds the credentials of sources. */
export type PostingSourcesConfig = {
  readonly lists: readonly ListRef[];
  /** Other addresses of sources, by their names. */
  readonly baseUrls: ReadonlyMap<string, string>;
  readonly adzuna: { readonly appId: string; readonly appKey: string } | null;
  readonly maxPages: number;
};

const LIST = /^([a-z]+)(?::(\S+))?$/;

const lists = withDefault("", {
  rule: "a list of sources, each with its board if it has boards, such as remotive,greenhouse:acme",
  parse: (written): ListRef[] | undefined => {
    const found = entriesOf(written).map((entry) => LIST.exec(entry));
    if (found.includes(null)) return undefined;
    const refs = found.map((match) => ({ source: match?.[1] ?? "", board: match?.[2] ?? "" }));
    const names = new Set(refs.map(({ source, board }) => `${source}:${board}`));
    return names.size === refs.length ? refs : undefined;
  },
});

const baseUrls = withDefault("", {
  rule: "a list of source=URL",
  parse: (written): ReadonlyMap<string, string> | undefined => {
    const pairs = entriesOf(written).map((entry) => /^([a-z]+)=(https?:\/\/\S+)$/.exec(entry));
    if (pairs.some((pair) => pair === null || !URL.canParse(pair[2] ?? ""))) return undefined;
    return new Map(pairs.map((pair) => [pair?.[1] ?? "", (pair?.[2] ?? "").replace(/\/+$/, "")]));
  },
});

export const postings = defineArea({
  title: "Job postings",
  variables: {
    POSTING_LISTS: lists.describe(
      "Where job postings are fetched: sources separated by commas, with a board where the source has boards, such as `remotive,greenhouse:acme`. `commonwork postings:sources` lists the sources. Empty: no postings are fetched.",
    ),
    FETCH_CONTACT: optional.describe(
      "Contact address or page, sent with every request to foreign hosts. Required with `POSTING_LISTS`.",
    ),
    ADZUNA_APP_ID: optional.describe("Credentials of the source `adzuna`, with `ADZUNA_APP_KEY`."),
    ADZUNA_APP_KEY: optional.describe("Secret of those credentials."),
    POSTING_BASE_URLS: baseUrls.describe(
      "Other addresses of sources, as `source=URL` separated by commas: for tests and proxies.",
    ),
    POSTINGS_PER_RUN: whole(100, 1, 1_000).describe("New postings stored from one list in one run."),
    POSTINGS_MAX_AGE_DAYS: whole(2, 1, 365).describe("New postings older than that are not stored."),
    POSTINGS_MAX_PAGES: whole(10, 1, 100).describe("Pages read of a list that has pages."),
    POSTINGS_UNSEEN_DAYS: whole(30, 7, 3_650).describe(
      "A posting that its source has not listed for that many days is closed, where lists do not contain all open postings.",
    ),
    POSTINGS_DAYS: whole(90, 7, 36_500).describe(
      "Closed postings are deleted after that many days, unless a user saved them or applied.",
    ),
    FETCH_PER_SECOND: whole(1, 1, 1_000).describe(
      "Requests per second to one foreign host, over all workers, unless its robots.txt asks for fewer.",
    ),
    FETCH_ALLOW_LOOPBACK: yesNo.describe(
      "`true` lets requests reach this machine: for tests and the demo, with `NODE_ENV=development`.",
    ),
  },
  read: (v) => ({
    postingSources: {
      lists: v.POSTING_LISTS,
      baseUrls: v.POSTING_BASE_URLS,
      adzuna:
        v.ADZUNA_APP_ID !== undefined && v.ADZUNA_APP_KEY !== undefined
          ? { appId: v.ADZUNA_APP_ID, appKey: v.ADZUNA_APP_KEY }
          : null,
      maxPages: v.POSTINGS_MAX_PAGES,
    } satisfies PostingSourcesConfig,
    fetching: {
      contact: v.FETCH_CONTACT ?? null,
      perSecond: v.FETCH_PER_SECOND,
      allowLoopback: v.FETCH_ALLOW_LOOPBACK,
    },
    postings: {
      lists: v.POSTING_LISTS,
      /** New postings stored from one list in one run. */
      perRun: v.POSTINGS_PER_RUN,
      maxAgeDays: v.POSTINGS_MAX_AGE_DAYS,
      unseenDays: v.POSTINGS_UNSEEN_DAYS,
      /** How many days closed postings are kept. */
      keptDays: v.POSTINGS_DAYS,
    },
  }),
  faults: (written, { isProduction }) => [
    ...(written.POSTING_LISTS !== undefined && written.FETCH_CONTACT === undefined
      ? ["FETCH_CONTACT must be set when POSTING_LISTS is: hosts need to know whom to ask"]
      : []),
    ...((written.ADZUNA_APP_ID === undefined) !== (written.ADZUNA_APP_KEY === undefined)
      ? ["ADZUNA_APP_ID and ADZUNA_APP_KEY must be set together"]
      : []),
    ...(isProduction && /^(true|1|yes|on)$/i.test(written.FETCH_ALLOW_LOOPBACK ?? "")
      ? ["FETCH_ALLOW_LOOPBACK must not be true unless NODE_ENV is development"]
      : []),
  ],
});
