import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";

/** An encrypted text: `v1.<key id>.<base64url of nonce, ciphertext and tag>`. */
export type SealedText = string;

/**
 * Encryption with the keys of the deployment. The first one encrypts, all of them decrypt, so that keys can
 * be rotated.
 */
export type Seals = {
  /** `purpose` is authenticated data: a text copied to another row or column cannot be opened there. */
  seal(text: string, purpose: string): SealedText;
  /**
   * @throws SealBroken when its key is not configured, it was modified, or it was sealed for another purpose.
   */
  open(sealed: SealedText, purpose: string): string;
  /** Whether it was sealed with the first key. */
  isCurrent(sealed: SealedText): boolean;
  /** A secret derived from a name, which need not be stored. */
  secretFor(name: string): string;
};

/** A sealed text cannot be opened. The message contains neither the text nor the key. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
}

const VERSION = "v1";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const KEY_BYTES = 32;

/** @param keys of 32 bytes each, the newest first; at least one. */
export function createSeals(keys: readonly Buffer[]): Seals {
  const [newest] = keys;
  if (newest === undefined || keys.some((key) => key.length !== KEY_BYTES))
    throw new Error(`at least one key is required, each of ${KEY_BYTES} bytes`);
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const newestId = idOf(newest);
  return {
    seal(text, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${VERSION}.${newestId}.${sealed.toString("base64url")}`;
    },
    open(sealed, purpose) {
      const [version, keyId = "", body = ""] = sealed.split(".");
      const key = byId.get(keyId);
      if (version !== VERSION || key === undefined)
        throw new SealBroken("it was sealed with a key that is not in TOKEN_ENCRYPTION_KEY");
      return openWith(key, Buffer.from(body, "base64url"), purpose);
    },
    isCurrent: (sealed) => sealed.startsWith(`${VERSION}.${newestId}.`),
    secretFor: (name) => createHmac("sha256", newest).update(`secret of ${name}`).digest("base64url"),
  };
}

function openWith(key: Buffer, bytes: Buffer, purpose: string): string {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new SealBroken("it is too short");
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(purpose))
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString(
      "utf8",
    );
  } catch {
    throw new SealBroken("it was modified, or sealed for another purpose");
  }
}

/** Identifies a key without revealing it: the first 8 hex digits of its SHA-256. */
const idOf = (key: Buffer): string => createHash("sha256").update(key).digest("hex").slice(0, 8);
