import { type SQL, sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import { companyKey, MAX_DESCRIPTION } from "../scoring/postings/recommend/read-facts.ts";
import type { ExcludedPosting } from "../scoring/postings/recommend/score-posting.ts";
import { foldedWords } from "../scoring/postings/skills/words.ts";
import { isOpen } from "./listed-postings.ts";

/** The facts that decide whether and where a posting of a list is served. */
export type RankedPosting = {
  readonly id: string;
  readonly title: string;
  readonly company: string;
  readonly cluster: number | null;
  readonly isRemote: boolean;
  /** Null if they were not read. */
  readonly facts: ExcludedPosting | null;
};

/**
 * Which facts of the postings are read: `rank` is enough for a list that has applied its user's profile;
 * another one needs the facts, and also the text if keywords are excluded.
 */
export type RankedColumns = "rank" | "facts" | "facts-and-text";

type RankedRow = {
  id: string;
  title: string;
  company: string;
  cluster: string | null;
  remoteType: string | null;
  postedAt?: string;
  scrapedAt?: string;
  text?: string | null;
};

const FACTS = sql.raw(
  `, least(coalesce(j.posted_date, j.scraped_at), j.scraped_at) as "postedAt", j.scraped_at as "scrapedAt"`,
);

const COLUMNS: Readonly<Record<RankedColumns, SQL>> = {
  rank: sql``,
  facts: FACTS,
  "facts-and-text": sql`${FACTS}, left(j.description, ${MAX_DESCRIPTION}::int) as text`,
};

/** The open ones among the postings, by id. Few columns, since many postings are ranked for a small page. */
export async function readRankedPostings(
  on: Queryable,
  ids: readonly string[],
  now: Date,
  columns: RankedColumns,
): Promise<ReadonlyMap<string, RankedPosting>> {
  if (ids.length === 0) return new Map();
  const found = await rows<RankedRow>(
    on,
    prepared`select j.id, j.title, j.company, j.cluster, j.remote_type as "remoteType"${COLUMNS[columns]}
        from jobs j where j.id = any(${array(ids)}::bigint[]) and ${isOpen(now)}`,
  );
  return new Map(found.map((row) => [row.id, rankedPosting(row)]));
}

function rankedPosting({ id, title, company, cluster, remoteType, ...rest }: RankedRow): RankedPosting {
  const isRemote = remoteType === "remote";
  const known = { id, title, company, cluster: cluster === null ? null : Number(cluster), isRemote };
  const { postedAt, scrapedAt, text = null } = rest;
  if (postedAt === undefined || scrapedAt === undefined) return { ...known, facts: null };
  const facts: ExcludedPosting = {
    id: Number(id),
    cluster: known.cluster,
    company: companyKey(company),
    isRemote,
    postedAt: hostInstant(postedAt).getTime(),
    scrapedAt: hostInstant(scrapedAt).getTime(),
    textWords: text === null ? [] : foldedWords(`${title}\n${company}\n${text}`),
  };
  return { ...known, facts };
}
