import robotsParser from "robots-parser";
import type { Clock } from "../../clock.ts";
import { storable } from "../../foreign-text.ts";
import { FetchFailed } from "../requests/fetch-failed.ts";
import type { FetchRecords } from "../requests/fetch-records.ts";
import type { RawResponse } from "../requests/http-request.ts";
import type { RateLimiter } from "../requests/rate-limiter.ts";

export type Robots = {
  /**
   * @throws FetchFailed if robots.txt forbids the page, or cannot be read: a host that is broken has not
   * allowed anything (RFC 9309, 2.3.1.4).
   */
  check(url: URL, signal: AbortSignal): Promise<void>;
};

type RobotsOptions = {
  /** The user agent of this service in robots.txt. */
  readonly product: string;
  readonly records: FetchRecords;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly get: (url: URL, headers: Record<string, string>, signal: AbortSignal) => Promise<RawResponse>;
};

type Rules = {
  isAllowed(url: string, product: string): boolean | undefined;
  getCrawlDelay(product: string): number | undefined;
};

/** Its types describe an ES module, but it is CommonJS. */
const parseRobots = robotsParser as unknown as (url: string, text: string) => Rules;

const KEPT_MS = 86_400_000;
/** RFC 9309, 2.5. */
const MAX_CHARACTERS = 512 * 1024;
/**
 * Comparing an address with its rules takes steps in proportion to their wildcards times the length of the
 * address: a file full of wildcards would block the event loop for seconds. Real ones have some hundreds.
 */
const MAX_WILDCARDS = 10_000;
const MAX_REDIRECTS = 5;
/** With a longer delay a day would not be enough for one board. */
const MAX_CRAWL_DELAY_S = 60;

/** Reads robots.txt of each origin once a day, and applies its Crawl-delay to the rate of the host. */
export function createRobots({ product, records, limiter, clock, get }: RobotsOptions): Robots {
  return {
    async check(url, signal) {
      const rules = await rulesOf(url, signal);
      if (rules === null) return;
      const robots = parseRobots(new URL("/robots.txt", url).href, rules);
      if (robots.isAllowed(url.href, product) === false) throw new FetchFailed("forbidden-by-robots-txt");
      const delayS = Math.min(robots.getCrawlDelay(product) ?? 0, MAX_CRAWL_DELAY_S);
      if (delayS > 0) await limiter.setRate(url.host, 1 / delayS);
    },
  };

  async function rulesOf(url: URL, signal: AbortSignal): Promise<string | null> {
    const kept = await records.readRobots(url.origin);
    const now = clock.now();
    if (kept !== null && now.getTime() - kept.fetchedAt.getTime() < KEPT_MS) return kept.rules;
    const rules = await fetchRules(url, signal);
    await records.storeRobots(url.origin, { rules, fetchedAt: now });
    return rules;
  }

  async function fetchRules(of: URL, signal: AbortSignal): Promise<string | null> {
    let url = new URL("/robots.txt", of);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { status, headers, body } = await get(url, { accept: "text/plain" }, signal).catch(unreachable);
      if (status >= 200 && status < 300) return readRules(body);
      if (status === 429 || status >= 500) throw new FetchFailed("robots-txt-unreachable");
      const { location } = headers;
      if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location, url.href))
        return null;
      url = new URL(location, url);
    }
    // RFC 9309, 2.3.1.2: after five redirects it counts as absent.
    return null;
  }
}

function readRules(body: Buffer): string {
  const rules = storable(body.toString("utf8").slice(0, MAX_CHARACTERS));
  if (rules.split("*").length > MAX_WILDCARDS) throw new FetchFailed("robots-txt-unreachable");
  return rules;
}

function unreachable(error: unknown): never {
  if (error instanceof FetchFailed && error.fault !== "private-address")
    throw new FetchFailed("robots-txt-unreachable", error.retryAfterMs);
  throw error;
}
