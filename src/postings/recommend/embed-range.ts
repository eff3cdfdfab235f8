import { z } from "zod";
import type { Tx } from "../../db/transaction.ts";
import { type UserScope, userScope } from "../../db/user-scope.ts";
import type { EmbeddingFault } from "../../ports/embeddings.ts";
import type { ComputeContext, JobContext } from "../../queues/job.ts";
import { recommendOnThread } from "./on-thread.ts";
import { cutPostings, readPostings } from "./read-postings.ts";
import { readUsers } from "./read-users.ts";
import type { SentText } from "./recommend.task.ts";
import {
  deleteUnwantedVectors,
  readPostingVectors,
  readUserVectors,
  sha256Of,
  storedDimensions,
  storePostingVectors,
  storeUserVectors,
  type UserVector,
} from "./vectors.ts";

const ids = z.object({ from: z.string(), to: z.string() });

/** Texts that get vectors before lists are computed: those of some postings, or of some users. */
export const embedRange = z.object({
  embed: z.union([z.object({ postings: ids }), z.object({ users: userScope })]),
});
export type EmbedRange = z.infer<typeof embedRange>;

/** The ranges that give vectors to all postings of the window, and to users. */
export async function cutTexts(tx: Tx, users: readonly UserScope[], asOf: Date): Promise<EmbedRange[]> {
  const postings = await cutPostings(tx, { asOf, changedSince: null });
  return [
    ...postings.map((range) => ({ embed: { postings: range } })),
    ...users.map((scope) => ({ embed: { users: scope } })),
  ];
}

/** Vectors before they are stored. */
export type ComputedVectors = {
  readonly model: string;
  readonly postings: ReadonlyMap<string, Float32Array>;
  readonly users: ReadonlyMap<number, UserVector>;
  /** Number of texts that have no vector. */
  readonly missing: number;
  /** Why they have none; null if none is missing. */
  readonly fault: EmbeddingFault | null;
};

/**
 * Gets the vectors of texts that have none. A fault of the endpoint is a part of the result: it must not stop
 * the run.
 */
export async function computeVectors(
  context: ComputeContext,
  { embed }: EmbedRange,
  model: string,
): Promise<ComputedVectors> {
  const isOfPostings = "postings" in embed;
  const sent = isOfPostings
    ? await textsOfPostings(context, embed.postings)
    : await textsOfUsers(context, embed.users);
  const hashed = sent.map(({ id, text }) => ({ id, text, hash: sha256Of(text) }));
  const isStored = isOfPostings
    ? await storedPostings(context, model, hashed)
    : await storedUsers(context, model, embed.users);
  // Two postings may have one text.
  const wanted = new Map(
    hashed.filter((each) => !isStored(each)).map((each) => [isOfPostings ? each.hash : each.id, each]),
  );
  const list = [...wanted.values()];
  const { vectors, fault } = await embedTexts(context, model, list);
  const found = list.slice(0, vectors.length);
  const vectorAt = (index: number) => vectors[index] as Float32Array;
  return {
    model,
    postings: new Map(isOfPostings ? found.map(({ hash }, index) => [hash, vectorAt(index)]) : []),
    users: new Map(
      isOfPostings ? [] : found.map(({ id, hash }, index) => [id, { hash, vector: vectorAt(index) }]),
    ),
    missing: list.length - vectors.length,
    fault,
  };
}

type Hashed = SentText & { readonly hash: string };

async function embedTexts(context: ComputeContext, model: string, texts: readonly Hashed[]) {
  if (texts.length === 0) return { vectors: [], fault: null };
  const dimensions = await context.read((tx) => storedDimensions(tx, model));
  const embedded = await context.fetch({ model, texts: texts.length }, async ({ embeddings }) =>
    embeddings === null
      ? null
      : embeddings.embed(
          texts.map(({ text }) => text),
          dimensions,
          context.signal,
        ),
  );
  return embedded ?? { vectors: [], fault: null };
}

async function textsOfPostings(
  context: ComputeContext,
  range: { readonly from: string; readonly to: string },
): Promise<SentText[]> {
  const scope = { asOf: context.now, changedSince: null };
  const piece = await context.read((tx) => readPostings(tx, scope, range));
  return recommendOnThread<SentText[]>(context, "textsOfPostings", piece);
}

async function textsOfUsers(context: ComputeContext, scope: UserScope): Promise<SentText[]> {
  const users = await context.read((tx) => readUsers(tx, scope, { asOf: context.now, texts: true }));
  return recommendOnThread<SentText[]>(context, "textsOfUsers", users);
}

async function storedPostings(context: ComputeContext, model: string, texts: readonly Hashed[]) {
  const stored = await context.read((tx) =>
    readPostingVectors(
      tx,
      model,
      texts.map(({ hash }) => hash),
    ),
  );
  return ({ hash }: Hashed) => stored.has(hash);
}

async function storedUsers(context: ComputeContext, model: string, scope: UserScope) {
  const stored = await context.read((tx) => readUserVectors(tx, model, scope));
  return ({ id, hash }: Hashed) => stored.get(id)?.hash === hash;
}

/** Stores vectors, and reports those that are missing. */
export async function storeVectors(
  { tx, now, log, measure }: Pick<JobContext, "tx" | "now" | "log" | "measure">,
  { embed }: EmbedRange,
  { model, postings, users, missing, fault }: ComputedVectors,
): Promise<{ readonly embedded: number; readonly notEmbedded: number }> {
  if (postings.size > 0) await storePostingVectors(tx, model, postings, now);
  if (users.size > 0) await storeUserVectors(tx, model, users, now);
  if ("users" in embed) await deleteUnwantedVectors(tx, embed.users);
  const type = "users" in embed ? "user" : "posting";
  const embedded = postings.size + users.size;
  if (embedded > 0) measure("embeddings", { type, outcome: "embedded" }, embedded);
  if (fault !== null) {
    measure("embeddings", { type, outcome: fault }, missing);
    log.warn(
      { type, fault, missing },
      "texts have no embeddings; recommendations use the formula without them",
    );
  }
  return { embedded, notEmbedded: missing };
}
