import type { RequestHandler } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { sendRetryLater } from "../requests/error-response.ts";
import { hmacScheme } from "./signature-schemes.ts";
import { type CallRejection, requireSignature, type SignedWebhook } from "./signed-webhook.ts";

/** The form of the body of a host's call. */
export type HostBody = Pick<SignedWebhook, "maxBodyBytes" | "contentType">;

/** One JSON object. */
const JSON_BODY: HostBody = { maxBodyBytes: 512 * 1024, contentType: "application/json" };

/** The response to a host's call, by the outcomes of its events. */
export const HOST_STATUS_CODES = { accepted: 202, duplicate: 200, conflict: 409, rejected: 422 } as const;

/** The checks of a webhook that the host platform calls: one secret and one scheme for all of them. */
export function requireHostSignature(
  runtime: Runtime,
  source: string,
  count: (rejection: CallRejection) => void,
  body = JSON_BODY,
): RequestHandler[] {
  const { secrets } = runtime.config.eventsWebhook;
  return requireSignature(runtime, {
    source,
    secrets,
    secretVariable: "DOMAIN_EVENTS_WEBHOOK_SECRET",
    scheme: hmacScheme("X-Commonwork-Signature", secrets),
    ...body,
    count,
  });
}

/**
 * Waits until what the host committed before its call is mirrored: the call may refer to rows whose changes
 * are recorded but not applied yet. While mirrors stay behind, it gets 503, until they have been so for
 * MIRROR_PATIENCE_MS.
 */
export function requireMirrored(
  { mirroring }: Runtime,
  count: (rejection: CallRejection) => void,
): RequestHandler {
  return async (_req, res, next) => {
    const closed = new AbortController();
    const onClose = () => closed.abort();
    res.once("close", onClose);
    const waitMs = await mirroring.catchUp(closed.signal);
    res.off("close", onClose);
    if (waitMs === 0) return next();
    count("unavailable");
    const message =
      "The mirrors of the host's tables are behind. Nothing was stored. Send the same body again after the time in Retry-After.";
    sendRetryLater(res, 503, { code: "unavailable", message }, waitMs);
  };
}
