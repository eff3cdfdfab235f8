import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { deleteSome } from "../../db/delete-some.ts";
import { rows } from "../../db/statement.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type SingleJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Rows of each kind in one transaction: well under a second. */
export const ROWS_PER_TABLE = 20_000;

/** Deletes what is no longer shown, and what it was computed with. */
export const cleanupRecommendations: SingleJob<Record<string, never>> = defineJob({
  name: "cleanup-recommendations",
  queue: "recommendations",
  description:
    "Deletes recommendations three days after they were computed, views of 90 days ago, and embeddings of 30 days ago.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now }) => {
    const old = (time: string, interval: string): SQL =>
      sql`${sql.identifier(time)} < ${now}::timestamptz - ${interval}::interval`;
    const deleted = async (table: string, condition: SQL): Promise<number> =>
      (await tx.execute(deleteSome(table, condition, ROWS_PER_TABLE))).rowCount ?? 0;
    const [lists] = await rows<{ lists: number; recommendations: number }>(
      tx,
      sql`with gone as (${deleteSome("recommendation_lists", old("as_of", "72 hours"), ROWS_PER_TABLE)}
            returning cardinality(posting_ids) as size)
          select count(*)::int as lists, coalesce(sum(size), 0)::int as recommendations from gone`,
    );
    const views = await deleted(
      "recommendation_views",
      sql`last_day < (${now}::timestamptz - interval '90 days')::date`,
    );
    const vectors = await deleted("posting_vectors", old("created_at", "30 days"));
    const others = [
      await deleted(
        "user_vectors",
        sql`not exists (select 1 from cvs c where c.user_id = r.user_id and c.is_active)
            or exists (select 1 from user_profiles p where p.user_id = r.user_id and not p.embeddings_allowed)`,
      ),
      await deleted("recommendation_requests", old("requested_at", "72 hours")),
      // The latest are in use, whatever their age.
      await deleted(
        "skill_rarities",
        sql`${old("created_at", "30 days")}
            and exists (select 1 from skill_rarities newer where newer.vocabulary = r.vocabulary and newer.id > r.id)`,
      ),
    ];
    const counts = { lists: lists?.lists ?? 0, views, vectors };
    if ([...Object.values(counts), ...others].some((count) => count >= ROWS_PER_TABLE))
      await enqueue(tx, cleanupRecommendations, {});
    return done({ ...counts, recommendations: lists?.recommendations ?? 0 });
  },
});
