import { createHash, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../clock.ts";
import { VERSION } from "../../version.ts";
import { checkUrl, guardedLookup, type Resolve, resolveWithSystem } from "../requests/address-guard.ts";
import { FetchFailed } from "../requests/fetch-failed.ts";
import type { FetchRecords } from "../requests/fetch-records.ts";
import { ACCEPT_ENCODING, httpRequest, type Limits, type RawResponse } from "../requests/http-request.ts";
import type { RateLimiter } from "../requests/rate-limiter.ts";
import { MAX_WAIT_MS, withRetries } from "../requests/retries.ts";
import { retryAfterMs } from "../requests/retry-after.ts";
import { decodeBody } from "./decode-body.ts";
import { createRobots, type Robots } from "./robots.ts";

/** Shows whether a page has changed since it was last read. */
export type Validators = {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** SHA-256 of the body, for hosts that send neither. */
  readonly bodyHash: string | null;
};

/** The terms of a host about how often it may be called. */
export type Allowance = { readonly name: string; readonly perDay: number };

export type FetchRequest = {
  readonly url: URL;
  readonly accept: string;
  /** Of the last response whose contents were used; null requests the page in any case. */
  readonly validators: Validators | null;
  /** Null: the terms set no limit. */
  readonly allowance: Allowance | null;
};

export type Fetched =
  | { readonly kind: "unchanged" }
  | { readonly kind: "page"; readonly text: string; readonly validators: Validators };

/**
 * Reads a page of a foreign host politely: with a name and a contact, as robots.txt allows, no faster and no
 * more often than agreed, and only if it has changed.
 *
 * @throws FetchFailed, or the reason of the signal.
 */
export type PoliteFetch = (request: FetchRequest, signal: AbortSignal) => Promise<Fetched>;

export type PoliteFetchOptions = {
  readonly contact: string;
  readonly limiter: RateLimiter;
  readonly records: FetchRecords;
  readonly clock: Clock;
  readonly allowLoopback: boolean;
  readonly resolve?: Resolve;
  readonly limits?: Partial<Limits>;
  /** Delay before the second attempt; doubles. */
  readonly retryBaseMs?: number;
};

const LIMITS: Limits = { connectMs: 10_000, totalMs: 30_000, maxBytes: 20 * 1024 * 1024 };
const MAX_REDIRECTS = 5;

const PRODUCT = "commonwork";

/** The input of one attempt. */
type Sender = {
  readonly options: PoliteFetchOptions;
  readonly userAgent: string;
  readonly robots: Robots;
  readonly get: (url: URL, headers: Record<string, string>, signal: AbortSignal) => Promise<RawResponse>;
};

export function createPoliteFetch(options: PoliteFetchOptions): PoliteFetch {
  const userAgent = `${PRODUCT}/${VERSION} (+${options.contact})`;
  const limits = { ...LIMITS, ...options.limits };
  const lookup = guardedLookup(options.resolve ?? resolveWithSystem, options);
  const get: Sender["get"] = async (url, headers, signal) => {
    checkUrl(url, options);
    await waitForSlot(options.limiter, url, signal);
    const own = { "user-agent": userAgent, "accept-encoding": ACCEPT_ENCODING };
    return httpRequest(url, { ...own, ...headers }, { lookup, limits, signal });
  };
  const robots = createRobots({ ...options, product: PRODUCT, get });
  const sender: Sender = { options, userAgent, robots, get };
  return (request, signal) =>
    withRetries(() => fetchOnce(sender, request, signal), signal, options.retryBaseMs);
}

/** Follows redirects, each of which is checked like the first address. */
async function fetchOnce(sender: Sender, request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
  const headers = { accept: request.accept, ...conditions(request.validators) };
  let url = request.url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    checkUrl(url, sender.options);
    await sender.robots.check(url, signal);
    await takeRequest(sender, request.allowance);
    const response = await sender.get(url, headers, signal);
    const next = redirectOf(response, url);
    if (next === null) return await fetchedFrom(sender, request, url, response);
    url = next;
  }
  throw new FetchFailed("too-many-redirects");
}

async function fetchedFrom(
  { options }: Sender,
  { validators }: FetchRequest,
  url: URL,
  { status, headers, body }: RawResponse,
): Promise<Fetched> {
  if (status === 304 && validators !== null) return { kind: "unchanged" };
  if (status < 200 || status > 299) {
    const waitMs = retryAfterMs(headers["retry-after"], options.clock.now());
    if (waitMs !== null) await options.limiter.pause(url.host, waitMs);
    throw new FetchFailed(`status-${status}`, waitMs);
  }
  const bodyHash = createHash("sha256").update(body).digest("hex");
  if (validators?.bodyHash === bodyHash) return { kind: "unchanged" };
  const received = {
    etag: headers.etag ?? null,
    lastModified: headers["last-modified"] ?? null,
    bodyHash,
  };
  return { kind: "page", text: decodeBody(body, headers["content-type"]), validators: received };
}

async function takeRequest({ options }: Sender, allowance: Allowance | null): Promise<void> {
  if (allowance === null) return;
  const { name, perDay } = allowance;
  if (!(await options.records.takeRequest(name, perDay, options.clock.now())))
    throw new FetchFailed("requests-per-day-used");
}

function conditions(validators: Validators | null): Record<string, string> {
  return {
    ...(validators?.etag ? { "if-none-match": validators.etag } : {}),
    ...(validators?.lastModified ? { "if-modified-since": validators.lastModified } : {}),
  };
}

function redirectOf({ status, headers }: RawResponse, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, from.href)) throw new FetchFailed(`status-${status}`);
  return new URL(headers.location, from);
}

async function waitForSlot(limiter: RateLimiter, { host }: URL, signal: AbortSignal): Promise<void> {
  const request = randomUUID();
  for (let waitMs = await limiter.reserve(host, request); waitMs > 0; ) {
    if (waitMs > MAX_WAIT_MS * 10) throw new FetchFailed("status-429", waitMs);
    await delay(waitMs, undefined, { signal });
    waitMs = await limiter.reserve(host, request);
  }
}
