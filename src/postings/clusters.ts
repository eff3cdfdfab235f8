import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { EMPLOYER_SOURCES } from "../ports/postings/index.ts";

/** A posting, and the cluster it joins: the id of the first posting in it. */
export type Membership = { readonly postingId: string; readonly cluster: string };

/** Puts postings into clusters, and chooses the copy of each that is shown. */
export async function joinClusters(tx: Tx, members: readonly Membership[], now: Date): Promise<void> {
  if (members.length === 0) return;
  const clusters = [...new Set(members.map(({ cluster }) => cluster))];
  const all = [...members, ...clusters.map((cluster) => ({ postingId: cluster, cluster }))];
  await tx.execute(
    sql`update jobs j set cluster = m.cluster
        from unnest(${array(all.map((each) => each.postingId))}::bigint[],
                    ${array(all.map((each) => each.cluster))}::bigint[]) as m (id, cluster)
        where j.id = m.id and j.cluster is null`,
  );
  await preferCopies(tx, clusters, now);
}

/** Search engines list postings for weeks after their employer closed them. */
const EMPLOYER_DECIDES_DAYS = 30;

/** SQL: whether a source is the employer's own board. */
export const isEmployers = (source: SQL): SQL => sql`${source} = any(${array(EMPLOYER_SOURCES)}::text[])`;

/**
 * SQL: whether a sighting `s` on the employer's own board is recent enough to decide whether the posting is
 * open, whatever search engines list.
 */
export const isDecisive = (now: Date): SQL =>
  sql`(${isEmployers(sql`s.source`)} and s.seen_at >= ${now}::timestamptz - ${EMPLOYER_DECIDES_DAYS} * interval '1 day')`;

/**
 * Of the copies in a cluster, an open one of the employer's own board is shown before others, and the first
 * one stored before later ones. If the employer has recently closed all of theirs, none of the others is
 * shown.
 */
export async function preferCopies(tx: Tx, clusters: readonly string[], now: Date): Promise<void> {
  if (clusters.length === 0) return;
  const isDecided = sql`exists (select from posting_sightings s where s.posting_id = c.id and ${isDecisive(now)})`;
  await tx.execute(
    sql`update jobs j set is_preferred = (j.id = p.id)
        from (select distinct on (cluster) cluster, id from jobs c
              where cluster = any(${array(clusters)}::bigint[])
              order by cluster, case when status = 'open' and ${isEmployers(sql`source`)} then 1
                                     when ${isEmployers(sql`source`)} and ${isDecided} then 2
                                     when status = 'open' then 3
                                     when ${isEmployers(sql`source`)} then 4 else 5 end, id) p
        where j.cluster = p.cluster and j.is_preferred <> (j.id = p.id)`,
  );
}
