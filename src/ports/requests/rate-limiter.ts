import type { Cluster, Redis } from "ioredis";

/** Limits how often hosts are called, over all processes: one token bucket of one token per host. */
export type RateLimiter = {
  /**
   * Reserves the next free slot of a host for a request, and keeps it until the request asks again after its
   * time has come. So a hundred waiting requests are sent one by one instead of competing for each slot.
   *
   * @returns 0 if the request may be sent now, else the milliseconds until its slot. Never rejects.
   */
  reserve(host: string, request: string): Promise<number>;
  /** Sets the rate of a host. Never rejects. */
  setRate(host: string, perSecond: number): Promise<void>;
  /**
   * Lets no request through for this many milliseconds, not even those that have reserved a slot. Slots
   * within the pause are void. Never rejects.
   */
  pause(host: string, ms: number): Promise<void>;
};

export type RateLimiterOptions = {
  /** Null: the limits hold within this process alone. */
  readonly redis: Redis | Cluster | null;
  readonly keyPrefix: string;
  /** The rate of a host until `setRate`. */
  readonly perSecond: number;
};

/** An unclaimed slot is forgotten after this long. */
const FORGET_MS = 60_000;

/** KEYS: next free slot, rate, slot of this request, end of the pause. ARGV: default rate, FORGET_MS. */
const RESERVE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local paused = tonumber(redis.call('GET', KEYS[4]) or '0')
if paused > now then return math.ceil(paused - now) end
local kept = redis.call('GET', KEYS[3])
if kept then
  local wait = tonumber(kept) - now
  if wait > 0 then return math.ceil(wait) end
  redis.call('DEL', KEYS[3])
  if tonumber(kept) >= paused then return 0 end
end
local gap = 1000 / tonumber(redis.call('GET', KEYS[2]) or ARGV[1])
local slot = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
redis.call('SET', KEYS[1], string.format('%.3f', slot + gap), 'PX', math.ceil(slot + gap - now) + ARGV[2])
local wait = math.ceil(slot - now)
if wait > 0 then redis.call('SET', KEYS[3], string.format('%.3f', slot), 'PX', wait + ARGV[2]) end
return wait`;

/** KEYS: end of the pause, which is kept while slots from before it are. ARGV: milliseconds, FORGET_MS. */
const PAUSE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local until_ = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.3f', until_), 'PX', math.ceil(until_ - now) + ARGV[2])
return 0`;

/**
 * Creates a limiter that is shared through Redis. While Redis is unreachable, each process keeps the limits
 * by itself.
 */
export function createRateLimiter({ redis, keyPrefix, perSecond }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (host: string): Bucket => {
    const bucket = buckets.get(host) ?? createBucket(perSecond);
    buckets.set(host, bucket);
    return bucket;
  };
  // One hash tag per host: all of its keys are in one slot of a Redis Cluster.
  const keyOf = (host: string, name: string): string => `{${keyPrefix}:${host}}:${name}`;
  const onRedis = async (
    fallback: () => number,
    call: (on: Redis | Cluster) => Promise<unknown>,
  ): Promise<number> => {
    if (redis === null || redis.status !== "ready") return fallback();
    try {
      return Number(await call(redis));
    } catch {
      return fallback();
    }
  };
  return {
    reserve: (host, request) =>
      onRedis(
        () => bucketOf(host).reserve(request),
        (on) =>
          on.eval(
            RESERVE,
            4,
            keyOf(host, "next"),
            keyOf(host, "rate"),
            keyOf(host, `slot:${request}`),
            keyOf(host, "paused"),
            perSecond,
            FORGET_MS,
          ),
      ),
    async setRate(host, newRate) {
      if (!(newRate > 0)) return;
      bucketOf(host).setRate(newRate);
      // Written even if it is unchanged: Redis may have been wiped since.
      await onRedis(
        () => 0,
        (on) => on.set(keyOf(host, "rate"), String(newRate)),
      );
    },
    async pause(host, ms) {
      bucketOf(host).pause(ms);
      await onRedis(
        () => 0,
        (on) => on.eval(PAUSE, 1, keyOf(host, "paused"), Math.ceil(ms), FORGET_MS),
      );
    },
  };
}

type Bucket = {
  reserve(request: string): number;
  setRate(perSecond: number): void;
  pause(ms: number): void;
};

/** The bucket of one host within this process. */
function createBucket(perSecond: number): Bucket {
  let gapMs = 1_000 / perSecond;
  let nextMs = 0;
  let pausedUntilMs = 0;
  const slots = new Map<string, number>();
  return {
    reserve(request) {
      const now = performance.now();
      if (pausedUntilMs > now) return Math.ceil(pausedUntilMs - now);
      const kept = slots.get(request);
      if (kept !== undefined) {
        if (kept > now) return Math.ceil(kept - now);
        slots.delete(request);
        if (kept >= pausedUntilMs) return 0;
      }
      for (const [other, slot] of slots) if (slot < now - FORGET_MS) slots.delete(other);
      const slot = Math.max(nextMs, now);
      nextMs = slot + gapMs;
      if (slot > now) slots.set(request, slot);
      return Math.ceil(slot - now);
    },
    setRate(rate) {
      gapMs = 1_000 / rate;
    },
    pause(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, performance.now() + ms);
    },
  };
}
