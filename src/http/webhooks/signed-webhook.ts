import express, { type RequestHandler, type Response } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { refuse, refuseForNow } from "../error-response.ts";
import { createWebhookLimits } from "./limits.ts";
import { findSigner, signingSecrets } from "./signature.ts";

/** How a delivery is refused before anybody reads it, for the counter. */
export type Refusal = "limited" | "refused" | "unsigned" | "unavailable";

/** A webhook whose deliveries are signed over their bytes, with a secret that both sides share. */
export type SignedWebhook = {
  /** Names it in metrics, limits and the inbox. */
  readonly source: string;
  readonly secrets: readonly string[];
  /** The variable that holds the secrets, and what is refused without it. */
  readonly secretVariable: string;
  readonly whatIsRefused: string;
  /** Carries `sha256=` and the hex of the HMAC. */
  readonly signatureHeader: string;
  readonly maxBodyBytes: number;
  readonly count: (refusal: Refusal) => void;
};

/** What the signature has shown about a request. */
export type Signed = {
  readonly raw: Buffer;
  readonly signature: string;
  readonly secretId: string;
  readonly receivedAt: Date;
  readonly startedMs: number;
};

/** What `signedDeliveries` has let through. */
export const signedOf = (res: Response): Signed => (res.locals as { signed: Signed }).signed;

const SAY_AGAIN_AFTER_MS = 60_000;

/**
 * The steps that a delivery takes before it is read, in a fixed order: method, limit of the address, a secret being configured,
 * length, signature over the raw bytes, limit of the source, content type. They must be mounted before any parser.
 */
export function signedDeliveries(runtime: Runtime, webhook: SignedWebhook): RequestHandler[] {
  const limits = createWebhookLimits(runtime, webhook.source, () => webhook.count("limited"));
  return [
    onlyPost(webhook),
    limits.address,
    configured(runtime, webhook),
    refuseLarge(webhook),
    express.raw({ type: () => true, limit: webhook.maxBodyBytes, inflate: false }),
    signed(runtime, webhook, limits.penalizeAddress),
    limits.source,
    onlyJson(webhook),
  ];
}

function onlyPost({ count }: SignedWebhook): RequestHandler {
  return (req, res, next) => {
    if (req.method === "POST") return next();
    count("refused");
    res.set("Allow", "POST");
    refuse(res, 405, { code: "method-not-allowed", message: "Deliveries are sent by POST." });
  };
}

/** Unsigned is never accepted: without a secret nothing can be checked, so nothing is taken. */
function configured(runtime: Runtime, webhook: SignedWebhook): RequestHandler {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (_req, res, next) => {
    if (webhook.secrets.length > 0) return next();
    if (performance.now() - saidMs > SAY_AGAIN_AFTER_MS) {
      runtime.log.error(
        `${webhook.secretVariable} is not set: ${webhook.whatIsRefused} are refused with 503`,
      );
      saidMs = performance.now();
    }
    webhook.count("unavailable");
    const message = `The webhook is not configured: its operator has to set ${webhook.secretVariable}.`;
    refuseForNow(res, 503, { code: "not-configured", message }, SAY_AGAIN_AFTER_MS);
  };
}

/** The parser would say the same after it has read the whole body off; a length that is told is refused unread. */
function refuseLarge({ maxBodyBytes, count }: SignedWebhook): RequestHandler {
  return (req, res, next) => {
    if (!(Number(req.headers["content-length"]) > maxBodyBytes)) return next();
    count("refused");
    res.set("Connection", "close");
    refuse(res, 413, { code: "too-large", message: `A delivery has at most ${maxBodyBytes} bytes.` });
  };
}

function signed(
  runtime: Runtime,
  webhook: SignedWebhook,
  penalize: (address: string | undefined) => Promise<void>,
): RequestHandler {
  const secrets = signingSecrets(webhook.secrets);
  return async (req, res, next) => {
    // The parser leaves no body where none was sent.
    const raw = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const signature = req.get(webhook.signatureHeader);
    const secretId = findSigner(raw, signature, secrets);
    if (signature !== undefined && secretId !== null) {
      const startedMs = performance.now();
      res.locals.signed = {
        raw,
        signature,
        secretId,
        receivedAt: runtime.clock.now(),
        startedMs,
      } satisfies Signed;
      return next();
    }
    webhook.count("unsigned");
    await penalize(req.ip);
    refuse(res, 401, {
      code: "bad-signature",
      message: `${webhook.signatureHeader} must be sha256= followed by the 64 hex digits of the HMAC-SHA256 of the body's bytes, with the shared secret.`,
    });
  };
}

/** JSON is UTF-8; another charset would mean bytes that the signature covers and the reader misunderstands. */
const JSON_TYPE = /^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

function onlyJson({ count }: SignedWebhook): RequestHandler {
  return (req, res, next) => {
    if (JSON_TYPE.test(req.headers["content-type"] ?? "")) return next();
    count("refused");
    refuse(res, 415, { code: "not-json", message: "Send Content-Type: application/json." });
  };
}
