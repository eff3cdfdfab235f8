import { entriesOf, optional, reject, withoutDefault } from "./fields.ts";

// Secrets. Start refuses one that could be guessed, from a signature or by trying.

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

/** A person who may make changes at the dashboard, and their password. */
export type OperatorLogin = { readonly name: string; readonly password: string };

/** The logins that name a role, not a person. */
const ROLE_LOGINS: ReadonlySet<string> = new Set(["admin", "viewer"]);

/** Operators with logins of their own: `name:password`, separated by commas. */
export const operatorLogins = optional.transform((written, context): OperatorLogin[] => {
  const all = entriesOf(written ?? "").map((entry): OperatorLogin => {
    const at = entry.indexOf(":");
    return { name: entry.slice(0, Math.max(0, at)), password: entry.slice(at + 1) };
  });
  const isValid = ({ name, password: given }: OperatorLogin): boolean =>
    /^[a-z][a-z0-9-]{0,31}$/.test(name) && !ROLE_LOGINS.has(name) && [...given].length >= MIN_PASSWORD_LENGTH;
  const areDistinct = new Set(all.map(({ name }) => name)).size === all.length;
  if (areDistinct && all.every(isValid)) return all;
  return reject(
    context,
    `name:password for each person, separated by commas: names in lower case, each once, none of them admin or viewer; passwords at least ${MIN_PASSWORD_LENGTH} characters long`,
    "",
  );
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
