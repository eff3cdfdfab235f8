import { createHmac, timingSafeEqual } from "node:crypto";

/** What a sender signs: its id of the message, the second at which it was sent, and the body. */
export type WebhookHeaders = {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
};

/** A message that is older, or younger, was not sent now: a signature that somebody recorded is worth nothing later. */
const TOLERANCE_SECONDS = 300;
const SIGNATURE_BYTES = 32;

/**
 * Checks a webhook as Standard Webhooks (and Svix before it) says: HMAC-SHA256 over `id.timestamp.body` with one of the secrets,
 * `whsec_` and base64. The header holds several signatures, `v1,<base64>`, while the sender changes its secret. All are compared, so
 * that the time does not tell which one fitted.
 */
export function isSignedWebhook(
  raw: Buffer,
  { id, timestamp, signature }: WebhookHeaders,
  secrets: readonly string[],
  now: Date,
): boolean {
  if (!id || !timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const given = signature.split(" ").flatMap((part) => {
    const [version, text = ""] = part.split(",");
    const bytes = Buffer.from(text, "base64");
    return version === "v1" && bytes.length === SIGNATURE_BYTES ? [bytes] : [];
  });
  let fits = false;
  for (const secret of secrets) {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(raw).digest();
    for (const bytes of given) if (timingSafeEqual(bytes, expected)) fits = true;
  }
  return fits;
}
