import { sql } from "drizzle-orm";
import { resolveReferences } from "../db/references.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";
import type { ItemKind } from "../scoring/feeds/merge-order.ts";

/** An item by the id that the API shows. */
export type SeenItem = { readonly kind: ItemKind; readonly id: string };

/** At most this many rows are kept for one user until cleanup: far more than anybody looks at. */
export const MAX_SEEN = 20_000;

/**
 * Records that a user has seen items of their feed, which then rank lower for 24 hours. Unknown items are
 * left out, and so is everything once MAX_SEEN rows are kept of the user.
 *
 * @returns how many are known.
 */
export async function recordSeen(
  on: Queryable,
  userId: string,
  items: readonly SeenItem[],
  now: Date,
): Promise<number> {
  const referencesOf = (kind: ItemKind) => items.filter((item) => item.kind === kind).map(({ id }) => id);
  const ids: Record<ItemKind, readonly string[]> = {
    post: [...(await resolveReferences(on, "posts", referencesOf("post"))).values()],
    suggestion: [...(await resolveReferences(on, "users", referencesOf("suggestion"))).values()],
    question: await firstOptions(on, referencesOf("question")),
  };
  const seen = Object.entries(ids).flatMap(([kind, each]) => [...new Set(each)].map((id) => ({ kind, id })));
  await on.execute(
    sql`insert into feed_seen as f (user_id, kind, item_id, seen_at)
        select ${userId}::bigint, s.kind, s.id, ${now}::timestamptz
        from unnest(${array(seen.map(({ kind }) => kind))}::text[], ${array(seen.map(({ id }) => id))}::bigint[]) as s(kind, id)
        where not exists (select 1 from feed_seen d where d.user_id = ${userId} offset ${MAX_SEEN - 1})
        order by s.kind, s.id
        on conflict (user_id, kind, item_id) do update set seen_at = excluded.seen_at where f.seen_at < excluded.seen_at`,
  );
  return seen.length;
}

/** The ids of questions, which are those of their first options. */
async function firstOptions(on: Queryable, references: readonly string[]): Promise<string[]> {
  const questions = references.filter(isStorable);
  if (questions.length === 0) return [];
  const found = await rows<{ id: string }>(
    on,
    sql`select min(id) as id from quiz_options where question_id = any(${array(questions)}::text[]) group by question_id`,
  );
  return found.map(({ id }) => id);
}
