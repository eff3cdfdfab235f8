import type { Clock } from "../clock.ts";
import type { EmbeddingsConfig } from "../config/embeddings.ts";
import { VERSION } from "../version.ts";
import { checkUrl, guardedLookup, type Resolve, resolveWithSystem } from "./requests/address-guard.ts";
import { FetchFailed, type FetchFault } from "./requests/fetch-failed.ts";
import type { FetchRecords } from "./requests/fetch-records.ts";
import { httpRequest, type Limits, type RawResponse } from "./requests/http-request.ts";
import { readJsonList } from "./requests/json-list.ts";
import { withRetries } from "./requests/retries.ts";
import { retryAfterMs } from "./requests/retry-after.ts";

/** Why texts have no vectors. */
export type EmbeddingFault =
  | FetchFault
  | "unreadable"
  | "wrong-number-of-vectors"
  | "not-a-vector"
  | "other-dimension"
  | "texts-per-day-used";

/** The vectors of the first texts, in their order, and the reason why the others have none. */
export type Embedded = {
  readonly vectors: readonly Float32Array[];
  readonly fault: EmbeddingFault | null;
};

/** Turns texts into vectors. */
export type EmbeddingsPort = {
  /**
   * Sends texts in batches, in order, and stops at the first that fails: either all vectors of a batch are
   * used or none.
   *
   * @param dimensions of the vectors that they are compared with; null if there are none yet.
   * @throws the reason of the signal.
   */
  embed(texts: readonly string[], dimensions: number | null, signal: AbortSignal): Promise<Embedded>;
};

export type EmbeddingsOptions = {
  readonly config: EmbeddingsConfig;
  readonly records: FetchRecords;
  readonly clock: Clock;
  readonly resolve?: Resolve;
  readonly limits?: Partial<Limits>;
  /** Delay before the second attempt; doubles. */
  readonly retryBaseMs?: number;
};

const LIMITS: Limits = { connectMs: 10_000, totalMs: 60_000, maxBytes: 64 * 1024 * 1024 };
const MAX_DIMENSIONS = 8_192;

/** An endpoint with the API of OpenAI: `POST {url}/embeddings`. */
export function embeddingsPort(options: EmbeddingsOptions): EmbeddingsPort {
  const { textsPerRequest } = options.config;
  return {
    async embed(texts, dimensions, signal) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += textsPerRequest) {
        const expected = vectors[0]?.length ?? dimensions;
        const batch = texts.slice(from, from + textsPerRequest);
        const read = await embedBatch(options, batch, expected, signal);
        if (typeof read === "string") return { vectors, fault: read };
        vectors.push(...read);
      }
      return { vectors, fault: null };
    },
  };
}

async function embedBatch(
  options: EmbeddingsOptions,
  texts: readonly string[],
  dimensions: number | null,
  signal: AbortSignal,
): Promise<Float32Array[] | EmbeddingFault> {
  const { config, records, clock } = options;
  if (!(await records.takeRequest("embeddings", config.textsPerDay, clock.now(), texts.length)))
    return "texts-per-day-used";
  try {
    const body = await withRetries(() => send(options, texts, signal), signal, options.retryBaseMs);
    return await readVectors(body, texts.length, dimensions);
  } catch (error) {
    if (error instanceof FetchFailed) return error.fault;
    throw error;
  }
}

/** Redirects are refused: the request carries a credential and texts of users. */
async function send(
  { config, clock, resolve = resolveWithSystem, limits }: EmbeddingsOptions,
  input: readonly string[],
  signal: AbortSignal,
): Promise<Buffer> {
  const policy = { allowLoopback: config.allowPrivate, allowPrivate: config.allowPrivate };
  const url = new URL(`${config.url}/embeddings`);
  checkUrl(url, policy);
  const headers = {
    "user-agent": `commonwork/${VERSION}`,
    "content-type": "application/json",
    accept: "application/json",
    ...(config.apiKey === null ? {} : { authorization: `Bearer ${config.apiKey}` }),
  };
  const response: RawResponse = await httpRequest(url, headers, {
    lookup: guardedLookup(resolve, policy),
    limits: { ...LIMITS, ...limits },
    signal,
    body: Buffer.from(JSON.stringify({ model: config.model, input, encoding_format: "float" })),
  });
  const { status } = response;
  if (status < 200 || status > 299)
    throw new FetchFailed(`status-${status}`, retryAfterMs(response.headers["retry-after"], clock.now()));
  return response.body;
}

/** The vectors of `{ "data": [{ "index": 0, "embedding": [...] }] }`, by index. */
async function readVectors(
  body: Buffer,
  count: number,
  dimensions: number | null,
): Promise<Float32Array[] | EmbeddingFault> {
  const list = await readJsonList(body.toString("utf8"), "data");
  if ("fault" in list) return "unreadable";
  if (list.items.length !== count) return "wrong-number-of-vectors";
  const vectors: Float32Array[] = [];
  let expected = dimensions;
  for (const [position, item] of list.items.entries()) {
    const { index = position, embedding } = (item ?? {}) as { index?: unknown; embedding?: unknown };
    if (!isIndex(index, count) || vectors[index] !== undefined) return "wrong-number-of-vectors";
    const vector = vectorFrom(embedding);
    if (vector === null) return "not-a-vector";
    expected ??= vector.length;
    if (vector.length !== expected) return "other-dimension";
    vectors[index] = vector;
  }
  return vectors;
}

const isIndex = (value: unknown, count: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < count;

/** Null unless it is a list of finite numbers that are not all zero, as single-precision floats too. */
function vectorFrom(embedding: unknown): Float32Array | null {
  if (!Array.isArray(embedding) || embedding.length === 0 || embedding.length > MAX_DIMENSIONS) return null;
  if (!embedding.every((value) => typeof value === "number")) return null;
  const vector = Float32Array.from(embedding as number[]);
  return vector.every(Number.isFinite) && vector.some((value) => value !== 0) ? vector : null;
}
