import type { UserScope } from "../../db/user-scope.ts";
import type { ComputeContext } from "../../queues/job.ts";
import { joinVectors, type Vectors } from "../../scoring/postings/recommend/cosine.ts";
import { recommendOnThread } from "./on-thread.ts";
import type { SentText } from "./recommend.task.ts";
import { readPostingVectors, readUserVectors, sha256Of } from "./vectors.ts";

/**
 * The stored vectors of postings, in the order of `ids`; null when one of them has none: one list is scored
 * by one formula.
 *
 * @param pieces JSON arrays of PostingRow.
 */
export async function vectorsOfPostings(
  context: ComputeContext,
  model: string,
  pieces: readonly string[],
  ids: Float64Array,
): Promise<Vectors | null> {
  const byId = new Map<number, Float32Array>();
  for (const piece of pieces) {
    context.signal.throwIfAborted();
    const texts = await recommendOnThread<SentText[]>(context, "textsOfPostings", piece);
    const hashed = texts.map(({ id, text }) => ({ id, hash: sha256Of(text) }));
    const hashes = [...new Set(hashed.map(({ hash }) => hash))];
    const stored = await context.read((tx) => readPostingVectors(tx, model, hashes));
    for (const { id, hash } of hashed) {
      const vector = stored.get(hash);
      if (vector === undefined) return null;
      byId.set(id, vector);
    }
  }
  return joinVectors(Array.from(ids, (id) => byId.get(id) ?? new Float32Array()));
}

/**
 * The stored vectors of users whose text has not changed since, by user id.
 *
 * @param users a JSON array of EmbeddedUserRow.
 */
export async function vectorsOfUsers(
  context: ComputeContext,
  model: string,
  scope: UserScope,
  users: string,
): Promise<ReadonlyMap<number, Float32Array>> {
  const stored = await context.read((tx) => readUserVectors(tx, model, scope));
  if (stored.size === 0) return new Map();
  const texts = await recommendOnThread<SentText[]>(context, "textsOfUsers", users);
  const found = new Map<number, Float32Array>();
  for (const { id, text } of texts) {
    const own = stored.get(id);
    if (own !== undefined && own.hash === sha256Of(text)) found.set(id, own.vector);
  }
  return found;
}
