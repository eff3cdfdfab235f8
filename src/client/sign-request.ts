import { createHmac } from "node:crypto";

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
  "x-commonwork-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
});
