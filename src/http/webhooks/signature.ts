import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A shared secret, and its fingerprint, which is stored instead of it. */
export type SigningSecret = { readonly key: string; readonly id: string };

const HEADER = /^sha256=([0-9a-f]{64})$/i;

/** Whether a header can hold a signature at all. */
export const hasSignatureForm = (header: string | undefined): header is string =>
  header !== undefined && HEADER.test(header);

/** Fingerprints each secret with the first 8 hex digits of its SHA-256. */
export function signingSecrets(secrets: readonly string[]): SigningSecret[] {
  return secrets.map((key) => ({ key, id: createHash("sha256").update(key).digest("hex").slice(0, 8) }));
}

/**
 * Finds the active secret that signed these bytes: the header holds `sha256=` and the HMAC-SHA256 in hex, in
 * any letter case.
 *
 * The signature is over the raw bytes, never over decoded text. The header is matched before it is decoded,
 * because a hex decoder stops silently at the first invalid character; so 32 bytes are always compared with
 * 32. All secrets are tried, so that the time does not reveal which one it was.
 *
 * @returns the fingerprint of the secret, or null.
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
