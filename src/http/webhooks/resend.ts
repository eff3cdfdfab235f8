import express, { type RequestHandler, Router } from "express";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { applyProviderEvents, type ProviderEvent, storeProviderEvent } from "../../email/provider-events.ts";
import { retryAfterMs } from "../../intake/retry-after.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater } from "../error-response.ts";
import { createWebhookLimits } from "./limits.ts";
import { isSignedWebhook } from "./standard-webhook.ts";

const SOURCE = "resend";
const MAX_BODY_BYTES = 256 * 1024;
const NOT_CONFIGURED_RETRY_MS = 60_000;

const body = z.object({
  type: z.string(),
  created_at: z.string(),
  data: z.object({
    email_id: z.string().min(1).max(200).optional(),
    bounce: z.object({ type: z.string().optional() }).optional(),
  }),
});

/**
 * The webhook of Resend, `POST /webhooks/resend`: what became of e-mails. Each message is stored once,
 * without addresses or texts, and applied to the e-mail, its deliveries and the suppression list. Other types
 * are acknowledged with 200, so that they are not sent again.
 */
export function resendWebhook(runtime: Runtime): Router {
  const count = (status: string) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status });
  const limits = createWebhookLimits(runtime, SOURCE, () => count("limited"));
  const router = Router();
  router.post(
    "/webhooks/resend",
    limits.address,
    requireSecret(runtime, count),
    express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false }),
    verifySignature(runtime, limits.penalizeAddress, count),
    recordEvent(runtime, count),
  );
  return router;
}

function requireSecret(runtime: Runtime, count: (status: string) => void): RequestHandler {
  return (_req, res, next) => {
    if (runtime.config.email.webhookSecrets.length > 0) return next();
    count("unavailable");
    const message = "The webhook is not configured: the operator must set RESEND_WEBHOOK_SECRET.";
    sendRetryLater(res, 503, { code: "not-configured", message }, NOT_CONFIGURED_RETRY_MS);
  };
}

function verifySignature(
  runtime: Runtime,
  penalize: (address: string | undefined) => Promise<void>,
  count: (status: string) => void,
): RequestHandler {
  return async (req, res, next) => {
    const raw = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const header = (name: string) => req.get(`svix-${name}`) ?? req.get(`webhook-${name}`);
    const headers = { id: header("id"), timestamp: header("timestamp"), signature: header("signature") };
    if (isSignedWebhook(raw, headers, runtime.config.email.webhookSecrets, runtime.clock.now()))
      return next();
    count("unsigned");
    await penalize(req.ip);
    const message =
      "svix-signature must be the HMAC-SHA256 of svix-id, svix-timestamp and the body, with a timestamp within five minutes of now.";
    sendError(res, 401, { code: "bad-signature", message });
  };
}

function recordEvent(runtime: Runtime, count: (status: string) => void): RequestHandler {
  return async (req, res) => {
    const messageId = req.get("svix-id") ?? req.get("webhook-id") ?? "";
    const event = readEvent(req.body as Buffer, messageId);
    if (event === "unreadable") {
      count("rejected");
      return sendError(res, 422, {
        code: "bad-event",
        message: "The signature is valid, but the body is not an event of Resend.",
      });
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
      const waitMs = retryAfterMs(error);
      count("unavailable");
      if (waitMs === null) throw error;
      sendRetryLater(
        res,
        503,
        { code: "unavailable", message: "Nothing was stored. Try again later." },
        waitMs,
      );
    }
  };
}

/** Parses an event. `unimportant`: a type that changes nothing here. */
function readEvent(raw: Buffer, messageId: string): ProviderEvent | "unreadable" | "unimportant" {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw.toString("utf8"));
  } catch {
    return "unreadable";
  }
  const event = body.safeParse(parsed);
  const occurredAt = new Date(event.data?.created_at ?? Number.NaN);
  if (!event.success || Number.isNaN(occurredAt.getTime())) return "unreadable";
  const { type, data } = event.data;
  const kind = kindOf(type, data.bounce?.type);
  if (kind === null) return "unimportant";
  if (data.email_id === undefined) return "unreadable";
  return { messageId, providerId: data.email_id, kind, occurredAt };
}

function kindOf(type: string, bounce: string | undefined): ProviderEvent["kind"] | null {
  if (type === "email.delivered") return "delivered";
  if (type === "email.complained") return "complained";
  if (type !== "email.bounced") return null;
  // Permanent, Transient or Undetermined. Without a type, the event itself means a permanent rejection.
  return bounce === undefined || bounce === "Permanent" ? "hard_bounce" : "soft_bounce";
}
