import type { Request, RequestHandler, Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { sendRetryLater, tooManyRequests } from "../error-response.ts";
import { addressKey, createRateLimit } from "../rate-limit.ts";
import { createBodyMemory } from "./body-memory.ts";

export type WebhookLimits = {
  /** Per address, before the body is read: rejecting a flood costs little. */
  readonly address: RequestHandler;
  /** Memory for the body, until the call is answered. */
  readonly memory: RequestHandler;
  /** Per source, once the signature has identified it. */
  readonly source: RequestHandler;
  /**
   * Counts a call without a valid signature. @returns how long the address has to wait if it has sent too
   * many, else 0. Signed calls from the same address, which may be that of a proxy, are not affected.
   */
  countUnsigned(req: Request): Promise<number>;
  /** Gives back what `address` has counted: the call turned out to have no valid signature. */
  refundAddress(req: Request): void;
};

/** Seconds of its rate that a source may send at once, since senders deliver a backlog in one burst. */
const SOURCE_BURST_SECONDS = 2;
/**
 * Calls of an address without a valid signature: enough to find a mistake, and then one every five seconds.
 */
const UNSIGNED_BURST = 20;
const UNSIGNED_PER_SECOND = 0.2;
/** Bodies under way, of one webhook in one process. */
const MAX_BODY_MEMORY = 32 * 1024 * 1024;
const MAX_BODY_MEMORY_OF_ADDRESS = MAX_BODY_MEMORY / 2;
const MEMORY_RETRY_MS = 1_000;

/** The rate limits of one webhook. `onLimited` is called for each rejection. */
export function createWebhookLimits(
  runtime: Runtime,
  { source, maxBodyBytes }: { readonly source: string; readonly maxBodyBytes: number },
  onLimited: () => void,
): WebhookLimits {
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
  const memory = createBodyMemory(MAX_BODY_MEMORY, MAX_BODY_MEMORY_OF_ADDRESS);
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
    memory(req, res, next) {
      const declared = Number(req.headers["content-length"] ?? maxBodyBytes);
      const reserved = memory.reserve(addressKey(req.ip), Math.min(declared, maxBodyBytes));
      if (reserved === "address") return reject(res, MEMORY_RETRY_MS);
      if (reserved === "all") {
        onLimited();
        const message = "Too many bodies are being received. Nothing was read.";
        return sendRetryLater(res, 503, { code: "unavailable", message }, MEMORY_RETRY_MS);
      }
      res.once("close", reserved);
      next();
    },
    async source(_req, res, next) {
      const waitMs = await bySource.take(source);
      if (waitMs > 0) reject(res, waitMs);
      else next();
    },
    async countUnsigned(req) {
      return unsigned.take(addressKey(req.ip));
    },
    refundAddress: (req) => byAddress.refund(addressKey(req.ip)),
  };
}
