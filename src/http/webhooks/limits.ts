import type { Request, RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { tooManyRequests } from "../requests/error-response.ts";
import { addressKey, createRateLimit } from "../requests/rate-limit.ts";

export type WebhookLimits = {
  /**
   * Signed calls per address. Unsigned ones must not count, however they end, since all calls may come from
   * the address of one proxy.
   */
  readonly address: RequestHandler;
  /** Signed calls per source. */
  readonly source: RequestHandler;
  /**
   * Counts a call without a valid signature. @returns how long the address has to wait if it has sent too
   * many, else 0. Signed calls from the same address, which may be that of a proxy, are not affected.
   */
  countUnsigned(req: Request): Promise<number>;
};

/** Seconds of its rate that a source may send at once, since senders deliver a backlog in one burst. */
const SOURCE_BURST_SECONDS = 2;
/**
 * Calls of an address without a valid signature: enough to find a mistake, and then one every five seconds.
 */
const UNSIGNED_BURST = 20;
const UNSIGNED_PER_SECOND = 0.2;

/** The rate limits of one webhook. `onLimited` is called for each rejection. */
export function createWebhookLimits(runtime: Runtime, source: string, onLimited: () => void): WebhookLimits {
  const { addressPerSecond, addressBurst, sourcePerSecond } = runtime.config.webhookLimits;
  const limitOf = (name: string, burst: number, perSecond: number) =>
    createRateLimit({
      redis: runtime.producers.redis,
      keyPrefix: `${runtime.config.redisPrefix}:limit:webhook-${name}`,
      burst,
      perSecond,
    });
  const byAddress = limitOf(`address:${source}`, addressBurst, addressPerSecond);
  const unsigned = limitOf(`unsigned:${source}`, UNSIGNED_BURST, UNSIGNED_PER_SECOND);
  const bySource = limitOf("source", sourcePerSecond * SOURCE_BURST_SECONDS, sourcePerSecond);
  const reject = (res: Response, waitMs: number) => {
    onLimited();
    tooManyRequests(res, waitMs);
  };
  return {
    async address(req, res, next) {
      const waitMs = await byAddress.take(addressKey(req.ip));
      if (waitMs > 0) reject(res, waitMs);
      else next();
    },
    async source(_req, res, next) {
      const waitMs = await bySource.take(source);
      if (waitMs > 0) reject(res, waitMs);
      else next();
    },
    async countUnsigned(req) {
      return unsigned.take(addressKey(req.ip));
    },
  };
}
