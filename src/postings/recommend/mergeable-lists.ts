import { type SQL, sql } from "drizzle-orm";
import { readFloat8Array, readInt4Array, readInt8Array } from "../../db/binary-arrays.ts";
import { array, rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { inUserScope, type UserScope } from "../../db/user-scope.ts";
import type { EncodedLists } from "../../scoring/postings/recommend/list-columns.ts";
import { shareBytes } from "../../threads/share-bytes.ts";
import { isUnchanged } from "./read-users.ts";

/** Which stored lists may be merged: those of these versions, computed at this instant or later. */
export type MergeLimits = {
  readonly since: Date;
  /** Of lists without embeddings, and of lists with them. */
  readonly version: string;
  readonly semanticVersion: string;
};

/** The stored lists of the users of a scope who have an active CV. */
export type MergeableLists = {
  readonly lists: EncodedLists;
  /**
   * Users whose lists have to be computed in full: their facts have changed, or their list cannot be merged.
   */
  readonly others: Float64Array;
};

type Large = "postingIds" | "scores" | "components" | "facts";
/** Columns as the bytes of array_send, or the bytes themselves, large ones in base64; null without rows. */
type Read = Readonly<
  Record<Exclude<keyof EncodedLists, Large> | "others", Buffer | null> & Record<Large, string | null>
>;

/** SQL: bytes in base64, which the driver reads several times as fast as hexadecimal. */
const inBase64 = (bytes: SQL): SQL => sql`encode(${bytes}, 'base64')`;

/** Reads the lists of a scope that postings may be merged into. */
export async function readMergeableLists(
  tx: Tx,
  scope: UserScope,
  asOf: Date,
  { since, version, semanticVersion }: MergeLimits,
): Promise<MergeableLists> {
  await tx.execute(sql`set local jit = off`);
  const [read] = await rows<Read>(
    tx,
    sql`with found as materialized (
          select c.user_id, coalesce(l.user_facts is not null and l.as_of >= ${since}::timestamptz
                   and l.algo_version = any(${array([version, semanticVersion])}::text[]) and ${isUnchanged(asOf)}, false) as is_mergeable
          from cvs c left join user_profiles p on p.user_id = c.user_id left join recommendation_lists l on l.user_id = c.user_id
          where c.is_active and ${inUserScope(sql`c.user_id`, scope)})
        select array_send(array_agg(l.user_id)) as "userIds", array_send(array_agg(cardinality(l.posting_ids))) as sizes,
               array_send(array_agg(l.floor_score)) as "floorScores", array_send(array_agg(l.floor_id)) as "floorIds",
               array_send(array_agg(floor(extract(epoch from l.as_of) * 1000)::float8)) as "asOf",
               array_send(array_agg((l.algo_version <> ${version})::int)) as "isSemantic",
               ${inBase64(sql`string_agg(array_send(l.posting_ids), '')`)} as "postingIds",
               ${inBase64(sql`string_agg(array_send(l.scores), '')`)} as scores,
               ${inBase64(sql`string_agg(l.components, '')`)} as components,
               ${inBase64(sql`string_agg(l.user_facts, '')`)} as facts, array_send(array_agg(length(l.user_facts))) as "factSizes",
               (select array_send(array_agg(f.user_id)) from found f where not f.is_mergeable) as others
        from (select l.* from found f join recommendation_lists l on l.user_id = f.user_id where f.is_mergeable order by l.user_id) l`,
  );
  // An aggregate without groups gives one row.
  const columns = read as Read;
  return { lists: listsOf(columns), others: readInt8Array(columns.others) };
}

const shared = (base64: string | null): Uint8Array =>
  shareBytes(base64 === null ? [] : [Buffer.from(base64, "base64")]);

const listsOf = (columns: Read): EncodedLists => ({
  userIds: readInt8Array(columns.userIds),
  sizes: readInt4Array(columns.sizes),
  floorScores: readFloat8Array(columns.floorScores),
  floorIds: readInt8Array(columns.floorIds),
  asOf: readFloat8Array(columns.asOf),
  isSemantic: readInt4Array(columns.isSemantic),
  postingIds: shared(columns.postingIds),
  scores: shared(columns.scores),
  components: shared(columns.components),
  facts: shared(columns.facts),
  factSizes: readInt4Array(columns.factSizes),
});
