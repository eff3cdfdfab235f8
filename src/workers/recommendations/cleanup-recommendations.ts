import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../db/statement.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Less than a second; the rest waits for the next run. */
const LISTS_PER_RUN = 50_000;

/** Deletes what is no longer shown, and what it was computed with. */
export const cleanupRecommendations = defineJob({
  name: "cleanup-recommendations",
  queue: "recommendations",
  description:
    "Deletes recommendations three days after they were computed, views of 90 days ago, and embeddings of 30 days ago.",
  payload: z.object({}),
  key: () => "all",
  run: async (_, { tx, now }) => {
    const [lists] = await rows<{ lists: number; recommendations: number }>(
      tx,
      sql`with gone as (
            delete from recommendation_lists where user_id in (
              select user_id from recommendation_lists where as_of < ${now}::timestamptz - interval '72 hours' limit ${LISTS_PER_RUN})
            returning cardinality(posting_ids) as size)
          select count(*)::int as lists, coalesce(sum(size), 0)::int as recommendations from gone`,
    );
    const views = await tx.execute(
      sql`delete from recommendation_views where last_day < (${now}::timestamptz - interval '90 days')::date`,
    );
    const vectors = await tx.execute(
      sql`delete from posting_vectors where id in (
            select id from posting_vectors where created_at < ${now}::timestamptz - interval '30 days' limit ${LISTS_PER_RUN})`,
    );
    await tx.execute(
      sql`delete from user_vectors v where not exists (select 1 from cvs c where c.user_id = v.user_id and c.is_active)
            or exists (select 1 from user_profiles p where p.user_id = v.user_id and not p.embeddings_allowed)`,
    );
    await tx.execute(
      sql`delete from recommendation_requests where requested_at < ${now}::timestamptz - interval '72 hours'`,
    );
    // The latest are in use, whatever their age.
    await tx.execute(
      sql`delete from skill_rarities r where r.created_at < ${now}::timestamptz - interval '30 days'
          and exists (select 1 from skill_rarities newer where newer.vocabulary = r.vocabulary and newer.id > r.id)`,
    );
    return done({
      lists: lists?.lists ?? 0,
      recommendations: lists?.recommendations ?? 0,
      views: views.rowCount ?? 0,
      vectors: vectors.rowCount ?? 0,
    });
  },
});
