import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { inUserScope, type UserScope } from "../../db/user-scope.ts";
import { cosineOf, joinVectors, vectorOf } from "../../scoring/postings/recommend/cosine.ts";
import {
  type EmbeddedUserRow,
  postingText,
  userText,
} from "../../scoring/postings/recommend/embedding-text.ts";
import type { PostingRow } from "../../scoring/postings/recommend/read-facts.ts";

/** SHA-256 of a text, in hex. */
export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

const FLOAT_BYTES = 4;

/** The stored form of floats: little-endian, which is also the memory layout of every supported machine. */
const encode = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

/** Copies, since a Buffer may begin where no float may. */
const decode = (stored: Buffer): Float32Array => {
  const values = new Float32Array(stored.byteLength / FLOAT_BYTES);
  new Uint8Array(values.buffer).set(stored);
  return values;
};

/** The vectors of texts of postings that are stored, by the hash of the text. */
export async function readPostingVectors(
  on: Queryable,
  model: string,
  textHashes: readonly string[],
): Promise<Map<string, Float32Array>> {
  const found = await rows<{ hash: string; vector: Buffer }>(
    on,
    sql`select encode(text_hash, 'hex') as hash, vector from posting_vectors
        where model = ${model} and text_hash in (select decode(h, 'hex') from unnest(${array(textHashes)}::text[]) h)`,
  );
  return new Map(found.map(({ hash, vector }) => [hash, decode(vector)]));
}

/** A vector of a user, and the hash of its text. */
export type UserVector = { readonly hash: string; readonly vector: Float32Array };

/** The stored vectors of the users of a scope, by user id. */
export async function readUserVectors(
  on: Queryable,
  model: string,
  scope: UserScope,
): Promise<Map<number, UserVector>> {
  const found = await rows<{ id: string; hash: string; vector: Buffer }>(
    on,
    sql`select user_id as id, encode(text_hash, 'hex') as hash, vector from user_vectors
        where model = ${model} and ${inUserScope(sql`user_id`, scope)}`,
  );
  return new Map(found.map(({ id, hash, vector }) => [Number(id), { hash, vector: decode(vector) }]));
}

/** Changes whenever a vector of a posting is added. */
export async function latestVector(on: Queryable): Promise<string> {
  const [latest] = await rows<{ id: string }>(
    on,
    sql`select coalesce(max(id), 0) as id from posting_vectors`,
  );
  return latest?.id ?? "0";
}

/** The length of the vectors of a model; null if none is stored. */
export async function storedDimensions(on: Queryable, model: string): Promise<number | null> {
  const [found] = await rows<{ dimensions: number }>(
    on,
    sql`(select length(vector) / 4 as dimensions from posting_vectors where model = ${model} limit 1)
        union all (select length(vector) / 4 from user_vectors where model = ${model} limit 1) limit 1`,
  );
  return found?.dimensions ?? null;
}

/** Stores vectors of texts of postings, by hash. */
export async function storePostingVectors(
  tx: Tx,
  model: string,
  vectors: ReadonlyMap<string, Float32Array>,
  now: Date,
): Promise<void> {
  await tx.execute(
    sql`insert into posting_vectors (model, text_hash, vector, created_at)
        select ${model}, decode(v.hash, 'hex'), decode(v.vector, 'base64'), ${now}::timestamptz
        from unnest(${array([...vectors.keys()])}::text[], ${array([...vectors.values()].map(encode))}::text[]) as v(hash, vector)
        order by 2 on conflict (model, text_hash) do nothing`,
  );
}

/** Stores vectors of users, each replacing an older one. Users who have opted out since get none. */
export async function storeUserVectors(
  tx: Tx,
  model: string,
  vectors: ReadonlyMap<number, UserVector>,
  now: Date,
): Promise<void> {
  const stored = [...vectors.values()];
  await tx.execute(
    sql`insert into user_vectors as u (user_id, model, text_hash, vector, created_at)
        select v.user_id, ${model}, decode(v.hash, 'hex'), decode(v.vector, 'base64'), ${now}::timestamptz
        from unnest(${array([...vectors.keys()].map(String))}::bigint[], ${array(stored.map(({ hash }) => hash))}::text[],
                    ${array(stored.map(({ vector }) => encode(vector)))}::text[]) as v(user_id, hash, vector)
        where ${mayBeSent(sql`v.user_id`)} order by 1
        on conflict (user_id) do update set model = excluded.model, text_hash = excluded.text_hash, vector = excluded.vector, created_at = excluded.created_at`,
  );
}

/** SQL: whether a user has an active CV and lets their text be sent. */
const mayBeSent = (userId: SQL): SQL =>
  sql`(exists (select 1 from cvs c where c.user_id = ${userId} and c.is_active)
       and not exists (select 1 from user_profiles p where p.user_id = ${userId} and not p.embeddings_allowed))`;

/** Deletes the vectors of users of a scope whose text may not be sent any more. */
export async function deleteUnwantedVectors(tx: Tx, scope: UserScope): Promise<void> {
  await tx.execute(
    sql`delete from user_vectors u where ${inUserScope(sql`u.user_id`, scope)} and not ${mayBeSent(sql`u.user_id`)}`,
  );
}

/** The cosine of a user and a posting by their stored vectors; null where either is not stored. */
export async function storedCosine(
  on: Queryable,
  model: string,
  user: EmbeddedUserRow,
  posting: PostingRow,
): Promise<number | null> {
  const own = (await readUserVectors(on, model, { ids: [String(user.id)] })).get(user.id);
  if (own === undefined || own.hash !== sha256Of(userText(user))) return null;
  const [ofPosting] = (await readPostingVectors(on, model, [sha256Of(postingText(posting))])).values();
  const joined = ofPosting === undefined ? null : joinVectors([ofPosting]);
  if (joined === null || joined.dimensions !== own.vector.length) return null;
  return cosineOf(vectorOf(own.vector), joined, 0);
}
