import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from "node:crypto";

/** A text that only the holder of a key can read: `v1.<key id>.<base64url of nonce, ciphertext and tag>`. */
export type SealedText = string;

/** The keys of the deployment. The first one seals; all of them open, so that a new key can be put before the old one. */
export type Seals = {
  /** `purpose` is sealed along: a text that was copied to another row, or another column, does not open there. */
  seal(text: string, purpose: string): SealedText;
  /** @throws SealBroken when no key opens it, it was changed, or it was sealed for another purpose. */
  open(sealed: SealedText, purpose: string): string;
  /** Whether it was sealed with the first key. */
  isCurrent(sealed: SealedText): boolean;
  /** A secret that belongs to a name and needs no keeping: whoever has the key works it out again. */
  secretFor(name: string): string;
};

/** What was sealed cannot be opened. The message holds neither the text nor the key. */
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
    throw new Error(`Seals need keys of ${KEY_BYTES} bytes, and at least one.`);
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
        throw new SealBroken("it was sealed with a key that TOKEN_ENCRYPTION_KEY does not name any more");
      return openWith(key, Buffer.from(body, "base64url"), purpose);
    },
    isCurrent: (sealed) => sealed.startsWith(`${VERSION}.${newestId}.`),
    secretFor: (name) => createHmac("sha256", newest).update(`secret of ${name}`).digest("base64url"),
  };
}

function openWith(key: Buffer, bytes: Buffer, purpose: string): string {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new SealBroken("it is too short to have been sealed");
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(purpose))
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString(
      "utf8",
    );
  } catch {
    throw new SealBroken("it was changed, or sealed for another purpose");
  }
}

/** Names a key without telling it: the first 8 hex digits of its SHA-256. */
const idOf = (key: Buffer): string => createHash("sha256").update(key).digest("hex").slice(0, 8);
