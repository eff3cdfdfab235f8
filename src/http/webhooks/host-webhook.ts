import type { RequestHandler } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { hmacScheme } from "./signature-schemes.ts";
import { type Rejection, requireSignature } from "./signed-webhook.ts";

const MAX_BODY_BYTES = 512 * 1024;

/** The answer to a call of the host, by what became of its events. */
export const HOST_STATUS_CODES = { accepted: 202, duplicate: 200, conflict: 409, rejected: 422 } as const;

/** The checks of a webhook that the host platform calls: one secret and one scheme for all of them. */
export function requireHostSignature(
  runtime: Runtime,
  source: string,
  count: (rejection: Rejection) => void,
): RequestHandler[] {
  const { secrets } = runtime.config.eventsWebhook;
  return requireSignature(runtime, {
    source,
    secrets,
    secretVariable: "DOMAIN_EVENTS_WEBHOOK_SECRET",
    scheme: hmacScheme("X-Commonwork-Signature", secrets),
    maxBodyBytes: MAX_BODY_BYTES,
    count,
  });
}
