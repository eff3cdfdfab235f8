import type { RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { sendRetryLater } from "../error-response.ts";
import { addressKey, createRateLimit } from "../rate-limit.ts";

export type WebhookLimits = {
  /** Per address, before the body is read: rejecting a flood costs little. */
  readonly address: RequestHandler;
  /** Per source, once the signature has identified it. */
  readonly source: RequestHandler;
  /** Charges an address for a bad signature. Never rejects. */
  penalizeAddress(address: string | undefined): Promise<void>;
};

/** A bad signature costs 10 points, or a fiftieth of the burst if that is more. */
const BAD_SIGNATURE_POINTS = 10;
const BAD_SIGNATURES_PER_BURST = 50;
/** Seconds of its rate that a source may send at once, since senders deliver a backlog in one burst. */
const SOURCE_BURST_SECONDS = 2;

/** The rate limits of one webhook. `onLimited` is called for each 429. */
export function createWebhookLimits(runtime: Runtime, source: string, onLimited: () => void): WebhookLimits {
  const { addressPerSecond, addressBurst, sourcePerSecond } = runtime.config.webhookLimits;
  const { redis } = runtime.producers;
  const prefix = `${runtime.config.redisPrefix}:limit`;
  const byAddress = createRateLimit({
    redis,
    keyPrefix: `${prefix}:webhook-address`,
    burst: addressBurst,
    perSecond: addressPerSecond,
  });
  const bySource = createRateLimit({
    redis,
    keyPrefix: `${prefix}:webhook-source`,
    burst: sourcePerSecond * SOURCE_BURST_SECONDS,
    perSecond: sourcePerSecond,
  });
  const reject = (res: Response, scope: string, waitMs: number) => {
    onLimited();
    const message = `Too many requests from this ${scope}. Retry after the time in Retry-After.`;
    sendRetryLater(res, 429, { code: "too-many-requests", message }, waitMs);
  };
  return {
    async address(req, res, next) {
      const waitMs = await byAddress.take(addressKey(req.ip));
      if (waitMs > 0) reject(res, "address", waitMs);
      else next();
    },
    async source(_req, res, next) {
      const waitMs = await bySource.take(source);
      if (waitMs > 0) reject(res, "source", waitMs);
      else next();
    },
    penalizeAddress: (address) =>
      byAddress.penalize(
        addressKey(address),
        Math.max(BAD_SIGNATURE_POINTS, Math.floor(addressBurst / BAD_SIGNATURES_PER_BURST)),
      ),
  };
}
