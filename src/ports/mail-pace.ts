import type { Redis } from "ioredis";

/** The rate at which all processes together may ask the sender of e-mail. */
export type Pace = {
  /**
   * Takes the next free moment for a batch, and keeps it for that batch until it comes.
   * @returns 0 when it is now, else in how many milliseconds. Never rejects.
   */
  reserve(key: string): Promise<number>;
  /** The other side told how many requests it takes in a second. Never rejects. */
  learn(perSecond: number): Promise<void>;
  /** The other side wants to be left alone for so long. Never rejects. */
  pause(ms: number): Promise<void>;
};

export type PaceOptions = {
  /** Null: one process alone, which counts for itself. */
  readonly redis: Redis | null;
  readonly keyPrefix: string;
  /** Until the other side has told its own. */
  readonly perSecond: number;
};

/** A moment that nobody came for is forgotten after so long. */
const FORGET_MS = 60_000;

/**
 * A token bucket of one token: moments lie 1/rate apart. Who is refused is given a moment of their own instead of being told to try
 * again, so that a hundred waiting batches come one by one.
 */
const RESERVE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local kept = redis.call('GET', KEYS[3])
if kept then
  local wait = tonumber(kept) - now
  if wait > 0 then return math.ceil(wait) end
  redis.call('DEL', KEYS[3])
  return 0
end
local gap = 1000 / tonumber(redis.call('GET', KEYS[2]) or ARGV[1])
local moment = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
redis.call('SET', KEYS[1], string.format('%.3f', moment + gap), 'PX', math.ceil(moment + gap - now) + ARGV[2])
local wait = math.ceil(moment - now)
if wait > 0 then redis.call('SET', KEYS[3], string.format('%.3f', moment), 'PX', wait + ARGV[2]) end
return wait`;

const PAUSE = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local until_ = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.3f', until_), 'PX', math.ceil(until_ - now) + ARGV[2])
return 0`;

/** Shared through Redis; while Redis is away each process keeps the pace for itself. */
export function createPace({ redis, keyPrefix, perSecond }: PaceOptions): Pace {
  const own = ownPace(perSecond);
  const next = `{${keyPrefix}}:next`;
  const rate = `{${keyPrefix}}:rate`;
  const ask = async (otherwise: () => number, question: (on: Redis) => Promise<unknown>): Promise<number> => {
    if (redis === null || redis.status !== "ready") return otherwise();
    try {
      return Number(await question(redis));
    } catch {
      return otherwise();
    }
  };
  return {
    reserve: (key) =>
      ask(
        () => own.reserve(key),
        (on) => on.eval(RESERVE, 3, next, rate, `{${keyPrefix}}:moment:${key}`, perSecond, FORGET_MS),
      ),
    async learn(told) {
      if (!(told > 0)) return;
      own.learn(told);
      // Also what is no news: Redis may have been wiped since.
      await ask(
        () => 0,
        (on) => on.set(rate, String(told)),
      );
    },
    async pause(ms) {
      own.pause(ms);
      await ask(
        () => 0,
        (on) => on.eval(PAUSE, 1, next, Math.ceil(ms), FORGET_MS),
      );
    },
  };
}

/** The same for one process. */
function ownPace(initialPerSecond: number) {
  let gapMs = 1_000 / initialPerSecond;
  let nextMs = 0;
  const moments = new Map<string, number>();
  return {
    reserve(key: string): number {
      const now = performance.now();
      const kept = moments.get(key);
      if (kept !== undefined) {
        if (kept > now) return Math.ceil(kept - now);
        moments.delete(key);
        return 0;
      }
      for (const [other, moment] of moments) if (moment < now - FORGET_MS) moments.delete(other);
      const moment = Math.max(nextMs, now);
      nextMs = moment + gapMs;
      if (moment > now) moments.set(key, moment);
      return Math.ceil(moment - now);
    },
    learn(perSecond: number): void {
      gapMs = 1_000 / perSecond;
    },
    pause(ms: number): void {
      nextMs = Math.max(nextMs, performance.now() + ms);
    },
  };
}
