import type { Cluster, Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { DeadlineExceeded, withinLimit } from "../../deadlines.ts";

export type RateLimitOptions = {
  readonly redis: Redis | Cluster;
  /** Prefix of its counters in Redis. */
  readonly keyPrefix: string;
  /** Points of one key per window; all may be spent at once. */
  readonly burst: number;
  /** Sustained rate of one key: a window lasts burst / perSecond. */
  readonly perSecond: number;
  /** How long Redis may take to answer. */
  readonly redisTimeoutMs?: number;
};

export type RateLimit = {
  /** Spends one point. @returns 0, or how many milliseconds to wait. Never rejects. */
  take(key: string): number | Promise<number>;
  /** Gives back one point that was taken just before, for other requests of this process. */
  refund(key: string): void;
};

/**
 * Points of one key that this process may spend without a call to Redis. `renewing` is the renewal in flight.
 */
type Slice = { left: number; untilMs: number; blocked: boolean; renewing: Promise<void> | null };

/**
 * A slice is burst / 50 points: one call to Redis covers that many requests, and a dying process loses at
 * most that.
 */
const SLICES_PER_BURST = 50;
const MAX_SLICE = 1_000;
const MAX_SLICES = 20_000;
/**
 * If Redis does not answer within this time, it is not asked again for `REDIS_PAUSE_MS`: a limit must not
 * delay requests.
 */
const REDIS_TIMEOUT_MS = 250;
const REDIS_PAUSE_MS = 5_000;

/**
 * A rate limit shared by all processes through Redis. Points are reserved in slices and spent locally, so
 * most requests need no call. While Redis is down or slow, each process counts for itself. A small burst is
 * taken point by point and is exact.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { burst, perSecond, keyPrefix, redis } = options;
  const window = { points: burst, duration: Math.max(1, Math.ceil(burst / perSecond)) };
  const local = new RateLimiterMemory({ keyPrefix, ...window });
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix,
    ...window,
    insuranceLimiter: local,
    rejectIfRedisNotReady: true,
  });
  const size = Math.min(MAX_SLICE, Math.max(1, Math.floor(burst / SLICES_PER_BURST)));
  const slices = new Map<string, Slice>();
  const withFallback = createRedisFallback(options.redisTimeoutMs);

  const renew = async (key: string, slice: Slice): Promise<void> => {
    const answer = await withFallback(
      () => shared.consume(key, size),
      () => local.consume(key, size),
    ).catch((rejection: unknown) => rejection);
    const isCounted = answer instanceof RateLimiterRes;
    slice.renewing = null;
    slice.untilMs = performance.now() + (isCounted ? Math.max(answer.msBeforeNext, 1) : 1_000);
    // Over the limit, the limiter rejects with the points consumed. Any other rejection is an error of ours,
    // and the request is allowed.
    slice.blocked = isCounted && answer.consumedPoints > burst;
    slice.left = slice.blocked ? 0 : size;
  };
  const renewAndSpend = async (key: string, slice: Slice): Promise<number> => {
    slice.renewing ??= renew(key, slice);
    await slice.renewing;
    return spend(key);
  };
  const spend = (key: string): number | Promise<number> => {
    let slice = slices.get(key);
    if (slice === undefined) {
      if (slices.size >= MAX_SLICES) dropSlices(slices);
      slice = { left: 0, untilMs: 0, blocked: false, renewing: null };
      slices.set(key, slice);
    }
    const leftMs = slice.untilMs - performance.now();
    if (leftMs > 0 && slice.blocked) return leftMs;
    if (leftMs <= 0 || slice.left === 0) return renewAndSpend(key, slice);
    slice.left--;
    return 0;
  };
  return {
    take: spend,
    refund(key) {
      const slice = slices.get(key);
      if (slice !== undefined && !slice.blocked) slice.left++;
    },
  };
}

/** A dropped slice costs one call to Redis, which has the counts. */
function dropSlices(slices: Map<string, Slice>): void {
  const now = performance.now();
  for (const [key, slice] of slices) if (slice.untilMs <= now) slices.delete(key);
  for (const key of slices.keys()) {
    if (slices.size <= MAX_SLICES / 2) return;
    slices.delete(key);
  }
}

/** Calls `redis`, or `fallback` if Redis does not answer in time or recently did not. */
function createRedisFallback(timeoutMs = REDIS_TIMEOUT_MS) {
  let pausedUntilMs = 0;
  return async function call<T>(redis: () => Promise<T>, fallback: () => Promise<T>): Promise<T> {
    if (performance.now() < pausedUntilMs) return fallback();
    try {
      return await withinLimit(timeoutMs, redis);
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error;
      pausedUntilMs = performance.now() + REDIS_PAUSE_MS;
      return fallback();
    }
  };
}

/**
 * The key under which an address is counted: IPv4 as it is, also if mapped into IPv6; IPv6 by its /56, since
 * that is what many customers are assigned.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(":")) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  const groups = [...left, ...middle, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16) || 0);
  const last = (groups[3] ?? 0) & 0xff00;
  return `${[...groups.slice(0, 3), last].map((group) => group.toString(16)).join(":")}::/56`;
}
