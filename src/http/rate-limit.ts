import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

export type RateLimitOptions = {
  readonly redis: Redis;
  /** Where its counts lie in Redis. */
  readonly keyPrefix: string;
  /** What one key may spend at once, and within each window. */
  readonly burst: number;
  /** What one key may spend in the long run: the window is as long as the burst lasts at this rate. */
  readonly perSecond: number;
};

export type RateLimit = {
  /** Spends one point. @returns 0, or after how many milliseconds to come again. Never rejects. */
  take(key: string): number | Promise<number>;
  /** Takes points away from a key that misbehaves. Never rejects. */
  penalize(key: string, points: number): Promise<void>;
};

/** What this process may spend for one key without asking Redis. `asking` is the question under way: one at a time. */
type Lease = { left: number; untilMs: number; blocked: boolean; asking: Promise<void> | null };

/** A lease is this part of the burst: one question to Redis for so many requests, and at most so much lost with a process. */
const LEASES_PER_BURST = 50;
const MAX_LEASE = 1_000;
const MAX_REMEMBERED_KEYS = 20_000;
/** A Redis that hangs must not hold up what it only counts: after this it is left alone for a while. */
const REDIS_PATIENCE_MS = 250;
const REDIS_REST_MS = 5_000;

/**
 * A limit that all processes share through Redis, at almost no cost a request: points are leased in small lots and spent here.
 * While Redis is away, or slow, each process counts for itself. A small burst is leased point by point, so it is exact.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { burst, perSecond, keyPrefix, redis } = options;
  const window = { points: burst, duration: Math.max(1, Math.ceil(burst / perSecond)) };
  const own = new RateLimiterMemory({ keyPrefix, ...window });
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix,
    ...window,
    insuranceLimiter: own,
    rejectIfRedisNotReady: true,
  });
  const lot = Math.min(MAX_LEASE, Math.max(1, Math.floor(burst / LEASES_PER_BURST)));
  const leases = new Map<string, Lease>();
  const withinPatience = createPatience();

  const ask = async (key: string, lease: Lease): Promise<void> => {
    const answer = await withinPatience(
      () => shared.consume(key, lot),
      () => own.consume(key, lot),
    ).catch((refusal: unknown) => refusal);
    const known = answer instanceof RateLimiterRes;
    lease.asking = null;
    lease.untilMs = performance.now() + (known ? Math.max(answer.msBeforeNext, 1) : 1_000);
    // A refusal is told by its points. Anything else that is thrown here is a fault of ours, and lets pass.
    lease.blocked = known && answer.consumedPoints > burst;
    lease.left = lease.blocked ? 0 : lot;
  };
  const waitFor = async (key: string, lease: Lease): Promise<number> => {
    lease.asking ??= ask(key, lease);
    await lease.asking;
    return spend(key);
  };
  const spend = (key: string): number | Promise<number> => {
    let lease = leases.get(key);
    if (lease === undefined) {
      if (leases.size >= MAX_REMEMBERED_KEYS) forgetSome(leases);
      lease = { left: 0, untilMs: 0, blocked: false, asking: null };
      leases.set(key, lease);
    }
    const leftMs = lease.untilMs - performance.now();
    if (leftMs > 0 && lease.blocked) return leftMs;
    if (leftMs <= 0 || lease.left === 0) return waitFor(key, lease);
    lease.left--;
    return 0;
  };
  return {
    take: spend,
    async penalize(key, points) {
      leases.delete(key);
      const fine = withinPatience(
        () => shared.penalty(key, points),
        () => own.penalty(key, points),
      );
      await fine.catch(() => undefined);
    },
  };
}

/** Forgetting costs a question to Redis, no more: the counts are there. */
function forgetSome(leases: Map<string, Lease>): void {
  const now = performance.now();
  for (const [key, lease] of leases) if (lease.untilMs <= now) leases.delete(key);
  for (const key of leases.keys()) {
    if (leases.size <= MAX_REMEMBERED_KEYS / 2) return;
    leases.delete(key);
  }
}

/** Asks Redis, or `otherwise` when Redis is silent, or was so a moment ago. */
function createPatience() {
  let restsUntilMs = 0;
  return function ask<T>(redis: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    if (performance.now() < restsUntilMs) return otherwise();
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        restsUntilMs = performance.now() + REDIS_REST_MS;
        void otherwise().then(resolve, reject);
      };
      const timer = setTimeout(giveUp, REDIS_PATIENCE_MS);
      void redis()
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  };
}

/**
 * The key that an address is counted under: IPv4 as it is, also when it comes mapped into IPv6; IPv6 by its /64, since
 * one customer has that many addresses.
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
  const groups = [...left, ...middle, ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
