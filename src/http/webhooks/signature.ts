import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A secret that may sign, and the name under which it is written down: never the secret itself. */
export type SigningSecret = { readonly key: string; readonly id: string };

const HEADER = /^sha256=([0-9a-f]{64})$/i;

/** Names each secret by the first 8 hex digits of its SHA-256. */
export function signingSecrets(secrets: readonly string[]): SigningSecret[] {
  return secrets.map((key) => ({ key, id: createHash("sha256").update(key).digest("hex").slice(0, 8) }));
}

/**
 * Which of the active secrets signed these bytes: `sha256=` and the hex of their HMAC-SHA256, in any case of letters.
 *
 * Over the bytes, never over a text made of them. The header is matched before it is decoded, since a hex decoder stops
 * silently at the first other character; so 32 bytes are always compared with 32. All secrets are tried, so that the time
 * does not tell which one it was.
 *
 * @returns the id of the secret, or null.
 */
export function findSigner(
  raw: Buffer,
  header: string | undefined,
  secrets: readonly SigningSecret[],
): string | null {
  const hex = header === undefined ? null : HEADER.exec(header);
  if (hex?.[1] === undefined) return null;
  const given = Buffer.from(hex[1], "hex");
  let signer: string | null = null;
  for (const { key, id } of secrets) {
    const expected = createHmac("sha256", key).update(raw).digest();
    if (timingSafeEqual(given, expected)) signer ??= id;
  }
  return signer;
}
