import { createHmac } from "node:crypto";

const signatureOf = (signed: string | Uint8Array, secret: string): string =>
  `sha256=${createHmac("sha256", secret).update(signed).digest("hex")}`;

/**
 * The headers of a signed call to a webhook of Commonwork.
 *
 * @param body the bytes that are sent, exactly.
 * @param secret the shared secret, such as DOMAIN_EVENTS_WEBHOOK_SECRET.
 * @param contentType of the body; records are `application/x-ndjson`.
 */
export const signRequest = (
  body: string | Uint8Array,
  secret: string,
  contentType: "application/json" | "application/x-ndjson" = "application/json",
): Record<string, string> => ({
  "content-type": contentType,
  "x-commonwork-signature": signatureOf(body, secret),
});

/**
 * The headers of a signed call without a body, such as `GET /api/v1/changes`.
 *
 * @param url the address with its query, as it is called.
 * @param at the time of the call, which Commonwork accepts for five minutes.
 */
export function signGet(url: URL, secret: string, at = new Date()): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signed = ["GET", url.pathname, url.search.slice(1), timestamp].join("\n");
  return {
    "x-commonwork-timestamp": timestamp,
    "x-commonwork-signature": signatureOf(signed, secret),
  };
}
