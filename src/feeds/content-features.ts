import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { mapInPortions } from "../portions.ts";
import { FEATURE_LIMITS, featuresOf } from "../scoring/feeds/topics.ts";

/** Changes with the formula: features of other versions are recomputed. */
const FEATURES_VERSION = "1";

/** The rest waits for the next run. */
const POSTS_PER_RUN = 100_000;

/**
 * The posts of the last seven days without features, or that were edited since these were computed, newest
 * first.
 */
export async function postsWithoutFeatures(on: Queryable, now: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    on,
    sql`select p.id from posts p left join post_features f on f.post_id = p.id
        where p.created_at > ${now}::timestamptz - interval '7 days' and p.created_at <= ${now}::timestamptz and p.deleted_at is null
          and (f.post_id is null or f.algo_version <> ${FEATURES_VERSION} or f.computed_at < p.updated_at
               or exists (select 1 from post_media m where m.post_id = p.id and m.updated_at > f.computed_at))
        order by p.id desc limit ${POSTS_PER_RUN}`,
  );
  return found.map(({ id }) => id);
}

/** Computes and stores the features of posts. @returns how many of them exist. */
export async function storeFeatures(tx: Tx, postIds: readonly string[], now: Date): Promise<number> {
  const found = await rows<{ id: string; body: string; media: number }>(
    tx,
    sql`select p.id, left(p.body, ${FEATURE_LIMITS.textLength + 1}) as body,
               (select count(*)::int from post_media m where m.post_id = p.id) as media
        from posts p where p.id = any(${array(postIds)}::bigint[]) and p.deleted_at is null order by p.id for key share`,
  );
  const features = await mapInPortions(found, ({ id, body, media }) => ({ id, ...featuresOf(body, media) }));
  await tx.execute(
    sql`insert into post_features (post_id, topics, quality, language, algo_version, computed_at)
        select f.id, f.topics, f.quality, f.language, ${FEATURES_VERSION}, ${now}::timestamptz
        from jsonb_to_recordset(${JSON.stringify(features)}::jsonb) as f(id bigint, topics text[], quality float8, language text)
        order by f.id
        on conflict (post_id) do update set topics = excluded.topics, quality = excluded.quality, language = excluded.language,
          algo_version = excluded.algo_version, computed_at = excluded.computed_at`,
  );
  return features.length;
}
