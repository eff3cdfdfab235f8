import type { RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { refuseForNow } from "../error-response.ts";
import { addressKey, createRateLimit } from "../rate-limit.ts";

export type WebhookLimits = {
  /** Per address, before the body is read: a flood costs nothing but its own answers. */
  readonly address: RequestHandler;
  /** Per source, once the signature has shown whose delivery it is. */
  readonly source: RequestHandler;
  /** Makes an address pay for a signature that does not fit. Never rejects. */
  penalizeAddress(address: string | undefined): Promise<void>;
};

/** A bad signature costs as much as so many requests, or as a fiftieth of the burst where that is more. */
const BAD_SIGNATURE_POINTS = 10;
const BAD_SIGNATURES_PER_BURST = 50;
/** A source may come early by this much: senders send their backlog at once. */
const SOURCE_BURST_SECONDS = 2;

/** The limits of one webhook. `refused` is called for each 429, to count it. */
export function createWebhookLimits(runtime: Runtime, source: string, refused: () => void): WebhookLimits {
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
  const answer = (res: Response, whose: string, waitMs: number) => {
    refused();
    const message = `Too many deliveries from this ${whose}. Send it again after the time in Retry-After.`;
    refuseForNow(res, 429, { code: "too-many-requests", message }, waitMs);
  };
  return {
    async address(req, res, next) {
      const waitMs = await byAddress.take(addressKey(req.ip));
      if (waitMs > 0) answer(res, "address", waitMs);
      else next();
    },
    async source(_req, res, next) {
      const waitMs = await bySource.take(source);
      if (waitMs > 0) answer(res, "source", waitMs);
      else next();
    },
    penalizeAddress: (address) =>
      byAddress.penalize(
        addressKey(address),
        Math.max(BAD_SIGNATURE_POINTS, Math.floor(addressBurst / BAD_SIGNATURES_PER_BURST)),
      ),
  };
}
