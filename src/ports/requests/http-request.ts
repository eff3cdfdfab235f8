import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { FetchFailed } from "./fetch-failed.ts";

export type Limits = {
  readonly connectMs: number;
  readonly totalMs: number;
  /** The limit of a body, before and after it is decompressed. */
  readonly maxBytes: number;
};

export type RawResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. Empty unless the status is 2xx. */
  readonly body: Buffer;
};

export type RequestOptions = {
  readonly lookup: LookupFunction;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Sent with POST; without it the request is a GET. */
  readonly body?: Buffer;
};

/**
 * One request, without redirects, on a connection of its own.
 *
 * @throws FetchFailed, or the reason of the signal.
 */
export async function httpRequest(
  url: URL,
  headers: Readonly<Record<string, string>>,
  options: RequestOptions,
): Promise<RawResponse> {
  const { limits, signal } = options;
  const total = AbortSignal.timeout(limits.totalMs);
  const either = AbortSignal.any([signal, total]);
  try {
    const response = await send(url, headers, { ...options, signal: either });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300)
      return { status, headers: response.headers, body: await readBody(response, limits.maxBytes, either) };
    response.destroy();
    return { status, headers: response.headers, body: Buffer.alloc(0) };
  } catch (error) {
    signal.throwIfAborted();
    if (total.aborted) throw new FetchFailed("timeout");
    throw error instanceof FetchFailed ? error : new FetchFailed("connection");
  }
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { lookup, limits, signal, body }: RequestOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    const sending = body === undefined ? { headers } : { method: "POST", headers: withLength(headers, body) };
    const sent = request(url, { ...sending, lookup, signal, agent: false, timeout: limits.totalMs });
    const connecting = setTimeout(() => sent.destroy(new FetchFailed("timeout")), limits.connectMs);
    const connected = url.protocol === "https:" ? "secureConnect" : "connect";
    sent.once("socket", (socket) => socket.once(connected, () => clearTimeout(connecting)));
    sent.once("close", () => clearTimeout(connecting));
    sent.once("response", resolve);
    sent.once("error", reject);
    sent.end(body);
  });
}

const withLength = (headers: Readonly<Record<string, string>>, body: Buffer) => ({
  ...headers,
  "content-length": String(body.length),
});

/** A body that ends before its announced length is an error of the connection. */
async function readBody(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) {
    response.destroy();
    throw new FetchFailed("too-large");
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const decoded = decompressed(response);
  try {
    for await (const chunk of decoded) {
      signal.throwIfAborted();
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) throw new FetchFailed("too-large");
      chunks.push(chunk as Buffer);
    }
  } finally {
    decoded.destroy();
    response.destroy();
  }
  return Buffer.concat(chunks, bytes);
}

/** The decompressed stream, cut off at the limit. */
function decompressed(response: IncomingMessage) {
  const encoding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return response;
  const create = DECOMPRESSORS.get(encoding);
  if (create === undefined) throw new FetchFailed("encoding");
  const inflated = create();
  response.once("error", (error) => inflated.destroy(error));
  response.once("aborted", () => inflated.destroy(new FetchFailed("connection")));
  return response.pipe(inflated);
}

const DECOMPRESSORS = new Map([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

/** The Accept-Encoding header of the request. */
export const ACCEPT_ENCODING = "gzip, deflate, br";
