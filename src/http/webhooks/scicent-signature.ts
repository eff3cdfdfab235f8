import type { RequestHandler } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { hmacScheme } from "./signature-schemes.ts";
import { type CallRejection, requireSignature } from "./signed-webhook.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** The checks of a call that the seller of tokens signed: sales and refunds have the same secrets. */
export function requireSellerSignature(
  runtime: Runtime,
  source: string,
  count: (rejection: CallRejection) => void,
): RequestHandler[] {
  const { secrets } = runtime.config.saleWebhook;
  return requireSignature(runtime, {
    source,
    secrets,
    secretVariable: "SCICENT_WEBHOOK_SECRET",
    scheme: hmacScheme("X-Scicent-Signature", secrets),
    maxBodyBytes: MAX_BODY_BYTES,
    contentType: "application/json",
    count,
  });
}
