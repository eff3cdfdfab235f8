import type { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  S3Client,
} from "@aws-sdk/client-s3";
import type { MediaStoreConfig } from "../../config/media.ts";
import { DeadlineExceeded, linkSignals, withinLimit } from "../../deadlines.ts";
import type { FileFault } from "../../scoring/media/limits.ts";
import { retryAfterMs } from "../requests/retry-after.ts";
import { FileFaulty, type MediaStore, type StoredFile, StoreUnavailable } from "./media-store.ts";
import { segmentsOf } from "./storage-key.ts";

export type S3Limits = {
  readonly connectMs: number;
  /** The time limit from a request to the last byte needed from its response. */
  readonly answerMs: number;
};

const LIMITS: S3Limits = { connectMs: 3_000, answerMs: 20_000 };

/** Enough for the header of most files, so that these take one request. */
const FIRST_READ = 64 * 1024;

/** A server without range reads sends whole files; this much is skipped to reach a range. */
const MAX_SKIPPED = 64 * 1024 * 1024;

type Settings = { readonly config: Extract<MediaStoreConfig, { kind: "s3" }>; readonly client: S3Client };

/** A bucket of S3, or of a compatible server. */
export function s3Store(config: Settings["config"], limits: S3Limits = LIMITS): MediaStore {
  const client = new S3Client({
    region: config.region,
    // The circuit and the jobs retry.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: limits.connectMs },
    // Ranges have no checksum, and compatible servers send none.
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(config.endpoint === null ? {} : { endpoint: config.endpoint, forcePathStyle: true }),
    ...(config.credentials === null ? {} : { credentials: config.credentials }),
  });
  const settings = { config, client };
  return {
    async open(key, signal) {
      const fetchRange = rangeReader(settings, keyOf(config.prefix, key), limits);
      const first = await fetchRange({ start: 0, length: FIRST_READ, opened: null }, signal);
      return storedFile(first, fetchRange);
    },
    async delete(key, signal) {
      const command = new DeleteObjectCommand({ Bucket: config.bucket, Key: keyOf(config.prefix, key) });
      try {
        await answered(limits, signal, (abortSignal) => client.send(command, { abortSignal }));
      } catch (error) {
        if (!(error instanceof FileFaulty && error.fault === "missing")) throw error;
      }
    },
  };
}

const keyOf = (prefix: string, key: string): string => `${prefix}${segmentsOf(key).join("/")}`;

/** Identifies the version of a file that was opened. */
type Opened = { readonly size: number; readonly version: string };
/** If-Match never holds for a weak ETag, nor for a time: a file would always look changed. */
const isStrong = (version: string): boolean => version.startsWith('"');

type Part = Opened & { readonly bytes: Uint8Array };
type Range = { readonly start: number; readonly length: number; readonly opened: Opened | null };
type FetchRange = (range: Range, signal: AbortSignal) => Promise<Part>;

function storedFile(first: Part, fetchRange: FetchRange): StoredFile {
  return {
    size: first.size,
    async read(start, length, signal) {
      const end = start + length;
      if (end <= first.bytes.length) return first.bytes.subarray(start, end);
      return (await fetchRange({ start, length, opened: first }, signal)).bytes;
    },
    close: async () => undefined,
  };
}

const rangeReader =
  ({ config, client }: Settings, key: string, limits: S3Limits): FetchRange =>
  async ({ start, length, opened }, signal) => {
    const command = new GetObjectCommand({
      Bucket: config.bucket,
      Key: key,
      Range: `bytes=${start}-${start + length - 1}`,
      ...(opened !== null && isStrong(opened.version) ? { IfMatch: opened.version } : {}),
    });
    return answered(limits, signal, async (abortSignal) => {
      const answer = await client.send(command, { abortSignal });
      const body = answer.Body as Readable;
      try {
        return await partOf(answer, body, { start, length, opened });
      } finally {
        body.destroy();
      }
    });
  };

async function partOf(
  answer: GetObjectCommandOutput,
  body: Readable,
  { start, length, opened }: Range,
): Promise<Part> {
  const sent = sentRange(answer);
  const version = answer.ETag ?? String(answer.LastModified?.getTime());
  if (opened !== null && (opened.version !== version || opened.size !== sent.size))
    throw new FileFaulty("changed-while-read");
  const skipped = start - sent.start;
  if (skipped < 0 || skipped > MAX_SKIPPED) throw new StoreUnavailable("it does not support range requests");
  const wanted = Math.min(length, sent.size - start);
  const bytes = await take(body, skipped, wanted);
  return { size: sent.size, version, bytes };
}

/** The range that was sent: that of the header, or the whole file where the server ignored the request. */
function sentRange({ ContentRange, ContentLength }: GetObjectCommandOutput): { start: number; size: number } {
  if (ContentRange === undefined) {
    if (ContentLength === undefined) throw new StoreUnavailable("it sent no Content-Length");
    return { start: 0, size: ContentLength };
  }
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange) ?? [];
  if (start === undefined || size === undefined) throw new StoreUnavailable("it sent no Content-Range");
  return { start: Number(start), size: Number(size) };
}

/** Reads `length` bytes behind the first `skipped`; the rest of the stream is not read. */
async function take(body: Readable, skipped: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let position = -skipped;
  for await (const chunk of body) {
    const part = chunk as Buffer;
    const from = Math.max(0, -position);
    const to = Math.min(part.length, length - position);
    if (from < to) bytes.set(part.subarray(from, to), position + from);
    position += part.length;
    if (position >= length) return bytes;
  }
  if (position < length) throw new StoreUnavailable("its answer ended early");
  return bytes;
}

/** The answer to a request within its limit, with errors classified. */
async function answered<T>(
  limits: S3Limits,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const linked = linkSignals(signal, ended.signal);
  try {
    return await withinLimit(limits.answerMs, () => request(linked.signal));
  } catch (error) {
    signal.throwIfAborted();
    throw faultOf(error);
  } finally {
    ended.abort();
    linked.release();
  }
}

/** Statuses that concern the one file. */
const FAULTS: Readonly<Record<number, FileFault>> = {
  404: "missing",
  412: "changed-while-read",
  416: "range-not-satisfiable",
};

type S3Fault = Error & {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
};

function faultOf(error: unknown): Error {
  if (error instanceof FileFaulty || error instanceof StoreUnavailable) return error;
  if (error instanceof DeadlineExceeded) return new StoreUnavailable("timeout");
  const { name, code, $metadata, $response } = error as S3Fault;
  const status = $metadata?.httpStatusCode;
  const fault = name === "NoSuchBucket" || status === undefined ? undefined : FAULTS[status];
  if (fault) return new FileFaulty(fault);
  const waitMs = retryAfterMs($response?.headers?.["retry-after"], new Date());
  return new StoreUnavailable(
    status === undefined || status < 300 ? (code ?? name) : `status ${status}`,
    waitMs,
  );
}
