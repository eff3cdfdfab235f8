import type { Request } from "express";
import type { Clock } from "../../clock.ts";
import { findSigner, hasSignatureForm, signingSecrets } from "./signature.ts";
import { isSignedWebhook, parseWebhookHeaders } from "./standard-webhook.ts";

/** What is known about a call from its signature. */
export type SignedBy = {
  /** The header with the signature. */
  readonly signature: string;
  /** The fingerprint of the secret; null where the scheme keeps none. */
  readonly secretId: string | null;
  /** The sender's id of the message, if it is signed with it. */
  readonly messageId: string | null;
};

/** How the calls of a webhook are signed. */
export type SignatureScheme = {
  /** What a sender has to send, for the error message. */
  readonly rule: string;
  /**
   * Reads the headers, before the body. @returns null if no body could make them valid, else the check of the
   * body.
   */
  verifierOf(req: Request): ((raw: Buffer) => SignedBy | null) | null;
};

/** A header with `sha256=` and the HMAC-SHA256 of the raw bytes in hex. */
export function hmacScheme(header: string, secrets: readonly string[]): SignatureScheme {
  const keys = signingSecrets(secrets);
  return {
    rule: `${header} must be sha256= followed by the HMAC-SHA256 of the raw body with the shared secret, as 64 hex digits.`,
    verifierOf(req) {
      const signature = req.get(header);
      if (!hasSignatureForm(signature)) return null;
      return (raw) => {
        const secretId = findSigner(raw, signature, keys);
        return secretId === null ? null : { signature, secretId, messageId: null };
      };
    },
  };
}

/** How far the time of a call may be off: limits the replay of recorded calls. */
const TOLERANCE_SECONDS = 300;

/**
 * A call without a body: `sha256=` and the HMAC-SHA256 in hex of its method, path, query and time, a line
 * each. The path and the query are those of the request line.
 */
export function requestLineScheme(secrets: readonly string[], clock: Clock): SignatureScheme {
  const keys = signingSecrets(secrets);
  return {
    rule: "X-Commonwork-Signature must be sha256= followed by the HMAC-SHA256 with the shared secret, as 64 hex digits, of four lines: the method, the path, the query as it is sent, and the value of X-Commonwork-Timestamp, the Unix time within five minutes of now.",
    verifierOf(req) {
      const signature = req.get("X-Commonwork-Signature");
      const timestamp = req.get("X-Commonwork-Timestamp") ?? "";
      if (!hasSignatureForm(signature) || !/^\d{1,12}$/.test(timestamp)) return null;
      if (Math.abs(clock.now().getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return null;
      const [path, ...query] = req.originalUrl.split("?");
      const signed = [req.method, path, query.join("?"), timestamp].join("\n");
      return () => {
        const secretId = findSigner(Buffer.from(signed), signature, keys);
        return secretId === null ? null : { signature, secretId, messageId: null };
      };
    },
  };
}

/** Standard Webhooks, with its own header names or those of Svix. */
export function standardScheme(secrets: readonly string[], clock: Clock): SignatureScheme {
  return {
    rule: "svix-signature must be the HMAC-SHA256 of svix-id, svix-timestamp and the body, with a timestamp within five minutes of now.",
    verifierOf(req) {
      const header = (name: string) => req.get(`svix-${name}`) ?? req.get(`webhook-${name}`);
      const signature = header("signature");
      const parsed = parseWebhookHeaders(
        { id: header("id"), timestamp: header("timestamp"), signature },
        clock.now(),
      );
      if (parsed === null || signature === undefined) return null;
      return (raw) =>
        isSignedWebhook(raw, parsed, secrets) ? { signature, secretId: null, messageId: parsed.id } : null;
    },
  };
}
