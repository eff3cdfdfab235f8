import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { applyProviderEvents, type ProviderEvent, storeProviderEvent } from "../../email/provider-events.ts";
import { decodeUtf8, readJson } from "../../foreign-json.ts";
import { foreignId, isStorableInstant } from "../../foreign-text.ts";
import { resendAfterMs } from "../../intake/retry-after.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater } from "../requests/error-response.ts";
import { standardScheme } from "./signature-schemes.ts";
import { requireSignature, signedCallOf } from "./signed-webhook.ts";

const SOURCE = "resend";
const MAX_BODY_BYTES = 256 * 1024;

const body = z.object({
  type: z.string(),
  created_at: z
    .string()
    .transform((text) => new Date(text))
    .refine(isStorableInstant),
  data: z.object({
    email_id: foreignId(200).optional(),
    bounce: z.object({ type: z.string().optional() }).optional(),
  }),
});

/**
 * The webhook of Resend, `POST /webhooks/resend`: the delivery status of e-mails. Each message is stored
 * once, without addresses or texts, and applied to the e-mail, its deliveries and the suppression list. Other
 * types are acknowledged with 200, so that they are not sent again. Types about e-mails that this version
 * does not know are counted apart and logged: they may be final.
 */
export function resendWebhook(runtime: Runtime): Router {
  const count = (status: string) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status });
  const secrets = runtime.config.email.webhookSecrets;
  const router = Router();
  router.all(
    "/webhooks/resend",
    requireSignature(runtime, {
      source: SOURCE,
      secrets,
      secretVariable: "RESEND_WEBHOOK_SECRET",
      scheme: standardScheme(secrets, runtime.clock),
      maxBodyBytes: MAX_BODY_BYTES,
      contentType: "application/json",
      count,
    }),
    recordEvent(runtime, count),
  );
  return router;
}

function recordEvent(runtime: Runtime, count: (status: string) => void): RequestHandler {
  return async (_req, res) => {
    const { raw, messageId } = signedCallOf(res);
    const event = readEvent(raw, messageId ?? "");
    if (event === "unreadable") {
      count("rejected");
      return sendError(res, 422, {
        code: "bad-event",
        message: "The signature is valid, but the body is not an event of Resend.",
      });
    }
    if (event === "unknown") {
      count("unknown");
      runtime.log.warn(
        { source: SOURCE, message: messageId },
        "unknown type of event about an e-mail: ignored",
      );
      return void res.json({ status: "ignored" });
    }
    if (event === "unimportant") {
      count("ignored");
      return void res.json({ status: "ignored" });
    }
    try {
      const isNew = await inTransaction(runtime.db, async (tx) => {
        const kept = await storeProviderEvent(tx, event, runtime.clock.now());
        if (kept) await applyProviderEvents(tx, [event.providerId]);
        return kept;
      });
      count(isNew ? "accepted" : "duplicate");
      res.json({ status: isNew ? "accepted" : "duplicate" });
    } catch (error) {
      const waitMs = resendAfterMs(error);
      count("unavailable");
      if (waitMs === null) throw error;
      sendRetryLater(
        res,
        503,
        { code: "unavailable", message: "Temporarily unavailable; nothing was stored. Try again later." },
        waitMs,
      );
    }
  };
}

/**
 * Parses an event. Its texts are not stored, so any text is accepted in them. `unimportant`: a type that
 * changes nothing here. `unknown`: one that might.
 */
function readEvent(raw: Buffer, messageId: string): ProviderEvent | "unreadable" | "unimportant" | "unknown" {
  const decoded = decodeUtf8(raw);
  const read = "fault" in decoded ? decoded : readJson(decoded.text);
  if ("fault" in read || read.faults.some(({ kind }) => kind !== "text")) return "unreadable";
  const event = body.safeParse(read.value);
  if (!event.success || !foreignId().safeParse(messageId).success) return "unreadable";
  const { type, data, created_at: occurredAt } = event.data;
  const kind = kindOf(type, data.bounce?.type);
  if (kind === null) return isUnknown(type) ? "unknown" : "unimportant";
  if (data.email_id === undefined) return "unreadable";
  return { messageId, providerId: data.email_id, kind, occurredAt };
}

/** Types about e-mails that say nothing final. */
const PASSING = new Set(
  ["sent", "scheduled", "delivery_delayed", "opened", "clicked", "received"].map((name) => `email.${name}`),
);

const isUnknown = (type: string): boolean => type.startsWith("email.") && !PASSING.has(type);

/** Types whose meaning does not depend on anything else. */
const KINDS: Readonly<Record<string, ProviderEvent["kind"]>> = {
  "email.delivered": "delivered",
  "email.complained": "complained",
  "email.suppressed": "suppressed",
  "email.failed": "failed",
};

function kindOf(type: string, bounce: string | undefined): ProviderEvent["kind"] | null {
  if (Object.hasOwn(KINDS, type)) return KINDS[type] ?? null;
  if (type !== "email.bounced") return null;
  // Permanent, Transient or Undetermined. Without a type, the event itself means a permanent rejection.
  return bounce === undefined || bounce === "Permanent" ? "hard_bounce" : "soft_bounce";
}
