import { sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { EMPLOYER_SOURCES } from "../ports/postings/index.ts";

/** A posting, and the cluster it joins: the id of the first posting in it. */
export type Membership = { readonly postingId: string; readonly cluster: string };

/** Puts postings into clusters, and chooses the copy of each that is shown. */
export async function joinClusters(tx: Tx, members: readonly Membership[]): Promise<void> {
  if (members.length === 0) return;
  const clusters = [...new Set(members.map(({ cluster }) => cluster))];
  const all = [...members, ...clusters.map((cluster) => ({ postingId: cluster, cluster }))];
  await tx.execute(
    sql`update jobs j set cluster = m.cluster
        from unnest(${array(all.map((each) => each.postingId))}::bigint[],
                    ${array(all.map((each) => each.cluster))}::bigint[]) as m (id, cluster)
        where j.id = m.id and j.cluster is null`,
  );
  await preferCopies(tx, clusters);
}

/**
 * Of the copies in a cluster, an open one is shown before a closed one, that of the employer's own board
 * before others, and the first one stored before later ones.
 */
export async function preferCopies(tx: Tx, clusters: readonly string[]): Promise<void> {
  if (clusters.length === 0) return;
  await tx.execute(
    sql`update jobs j set is_preferred = (j.id = p.id)
        from (select distinct on (cluster) cluster, id from jobs
              where cluster = any(${array(clusters)}::bigint[])
              order by cluster, (status = 'open') desc, (source = any(${array(EMPLOYER_SOURCES)}::text[])) desc, id) p
        where j.cluster = p.cluster and j.is_preferred <> (j.id = p.id)`,
  );
}
