import { createHmac, timingSafeEqual } from "node:crypto";

/** The signed headers: the sender's id of the message, the Unix time it was sent, and the signature. */
export type WebhookHeaders = {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
};

/** How far the timestamp may be off: limits the replay of recorded messages. */
const TOLERANCE_SECONDS = 300;
const SIGNATURE_BYTES = 32;

/** Headers that can belong to a signed message that was sent just now. */
export type SignedHeaders = {
  readonly id: string;
  readonly timestamp: string;
  /** The signatures that have the right length. */
  readonly signatures: readonly Buffer[];
};

/** Parses the headers of a message. @returns null if no body could make them valid. */
export function parseWebhookHeaders(
  { id, timestamp, signature }: WebhookHeaders,
  now: Date,
): SignedHeaders | null {
  if (!id || !timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return null;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return null;
  const signatures = signature.split(" ").flatMap((part) => {
    const [version, text = ""] = part.split(",");
    const bytes = Buffer.from(text, "base64");
    return version === "v1" && bytes.length === SIGNATURE_BYTES ? [bytes] : [];
  });
  return signatures.length === 0 ? null : { id, timestamp, signatures };
}

/**
 * Verifies a message by the Standard Webhooks specification (Svix): HMAC-SHA256 over `id.timestamp.body` with
 * one of the secrets, `whsec_<base64>`. The header may hold several signatures, `v1,<base64>`, while the
 * sender rotates its secret. All are compared, so that the time does not reveal which one matched.
 */
export function isSignedWebhook(
  raw: Buffer,
  { id, timestamp, signatures }: SignedHeaders,
  secrets: readonly string[],
): boolean {
  let isValid = false;
  for (const secret of secrets) {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(raw).digest();
    for (const bytes of signatures) if (timingSafeEqual(bytes, expected)) isValid = true;
  }
  return isValid;
}
