import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { postingKeys } from "../scoring/postings/content-key.ts";
import { type CopyFinder, createCopyFinder } from "../scoring/postings/find-copies.ts";
import { linkKey, linkSpellings } from "../scoring/postings/posting-link.ts";
import type { PreparedPosting } from "./content.ts";

/** A stored posting with the address of a new one. */
export type Linked = { readonly id: string; readonly source: string };

/** Level 2: stored postings with the links of new ones, the earliest of each, by `linkKey`. */
export async function findByLink(
  tx: Tx,
  postings: readonly PreparedPosting[],
): Promise<ReadonlyMap<string, Linked>> {
  const links = postings.flatMap(({ posting }) => linkSpellings(posting.link));
  const found = await rows<Linked & { link: string }>(
    tx,
    sql`select id, job_link as link, source from jobs where job_link = any(${array(links)}::text[]) order by id desc`,
  );
  return new Map(found.map(({ id, link, source }) => [linkKey(link), { id, source }]));
}

type OriginalCandidate = {
  id: string;
  title: string;
  company: string;
  location: string | null;
  remoteType: string | null;
  description: string;
  content: string | null;
  buckets: readonly string[];
};

/**
 * Levels 3 and 4: a finder that knows the stored postings which may be the originals of new ones. Their ids
 * are those of the first posting of their cluster.
 */
export async function finderFor(tx: Tx, postings: readonly PreparedPosting[]): Promise<CopyFinder> {
  const finder = createCopyFinder();
  const contents = postings.flatMap(({ keys }) => keys.content ?? []);
  const byContent = await rows<{ id: string; content: string }>(
    tx,
    sql`select distinct on (content_key) coalesce(cluster, id) as id, content_key as content from jobs
        where content_key = any(${array(contents)}::text[]) order by content_key, jobs.id`,
  );
  for (const { id, content } of byContent)
    finder.addCopy({ id, content, company: "", place: "", title: "", description: "" }, id);
  for (const candidate of await findByText(tx, postings)) {
    const keys = postingKeys(candidate);
    const { id, content, description } = candidate;
    finder.add(
      { id, content, description, company: keys.company, place: keys.place, title: keys.title },
      candidate.buckets.map(Number),
    );
  }
  return finder;
}

/** Stored postings that share a bucket with a new one, with the buckets that they share. */
async function findByText(tx: Tx, postings: readonly PreparedPosting[]): Promise<OriginalCandidate[]> {
  const buckets = [...new Set(postings.flatMap((each) => each.buckets))];
  return rows<OriginalCandidate>(
    tx,
    sql`select coalesce(j.cluster, j.id) as id, j.title, j.company, j.location, j.remote_type as "remoteType",
               j.description, j.content_key as content, shared.buckets
        from (select b.posting_id, array_agg(b.bucket) as buckets from posting_buckets b
              where b.bucket = any(${array(buckets)}::bigint[]) group by b.posting_id) shared
        join jobs j on j.id = shared.posting_id
        order by j.id`,
  );
}
