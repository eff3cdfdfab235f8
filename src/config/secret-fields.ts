import { entriesOf, optional, reject, withoutDefault } from "./fields.ts";

// Secrets. One that could be guessed, from a signature or by trying, is refused at the start.

/**
 * A secret of this service: undefined when it is not set. A short one could be guessed from a single
 * signature.
 */
export const secret = (minBytes: number) =>
  withoutDefault({
    rule: `at least ${minBytes} bytes long (openssl rand -hex 32)`,
    parse: (written) => (Buffer.byteLength(written) >= minBytes ? written : undefined),
  });

const MIN_PASSWORD_LENGTH = 12;

/** A password that people type: undefined when it is not set. */
export const password = withoutDefault({
  rule: `at least ${MIN_PASSWORD_LENGTH} characters long (openssl rand -base64 24)`,
  parse: (written) => ([...written].length >= MIN_PASSWORD_LENGTH ? written : undefined),
});

const MIN_WEBHOOK_SECRET_BYTES = 24;

/** Secrets that sign webhook calls, separated by commas, all of them active. */
export const webhookSecrets = optional.transform((written, context): string[] => {
  const all = entriesOf(written ?? "");
  if (all.every((one) => Buffer.byteLength(one) >= MIN_WEBHOOK_SECRET_BYTES)) return all;
  return reject(context, `at least ${MIN_WEBHOOK_SECRET_BYTES} bytes long each (openssl rand -hex 32)`, "");
});

/** The same in the form of Standard Webhooks: `whsec_` and the bytes in base64. */
export const standardWebhookSecrets = optional.transform((written, context): string[] => {
  const all = entriesOf(written ?? "");
  const isStrong = (one: string) =>
    /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(one) &&
    Buffer.from(one.slice("whsec_".length), "base64").length >= MIN_WEBHOOK_SECRET_BYTES;
  if (all.every(isStrong)) return all;
  return reject(context, `whsec_ and at least ${MIN_WEBHOOK_SECRET_BYTES} bytes in base64, each`, "");
});

const KEY_BYTES = 32;

/** Keys of 32 bytes for encryption at rest, newest first, as 64 hex digits or in base64. */
export const encryptionKeys = optional.transform((written, context): Buffer[] => {
  const keys = entriesOf(written ?? "").map((key) =>
    Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? "hex" : "base64"),
  );
  if (keys.every((key) => key.length === KEY_BYTES)) return keys;
  return reject(context, "keys of 32 bytes, in hex or base64 (openssl rand -hex 32), the newest first", "");
});
