import { type RequestHandler, type Response, Router } from "express";
import { EVENTS_SOURCE, type InboxMessage, rejectMessage } from "../../db/inbox.ts";
import { UnknownReferences } from "../../intake/event-references.ts";
import { type EventsReceipt, hostEvents, takeEvents } from "../../intake/events.ts";
import { retryAfterMs } from "../../intake/retry-after.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater } from "../error-response.ts";
import { type Rejection, requireSignature, signedCallOf } from "./signed-webhook.ts";

const MAX_BODY_BYTES = 512 * 1024;

/** The result of a call, for the counter. */
type CallResult = EventsReceipt["status"] | "rejected" | Rejection;

/**
 * `POST /webhooks/domain_events`: events of a host that does not insert them into the table itself. Up to 100
 * per call, stored in one transaction. Must be mounted before any body parser.
 */
export function eventsWebhook(runtime: Runtime): Router {
  const count = (result: CallResult) =>
    runtime.metrics.webhookCalls.inc({ source: EVENTS_SOURCE, status: result });
  const router = Router();
  router.all(
    "/webhooks/domain_events",
    requireSignature(runtime, {
      source: EVENTS_SOURCE,
      secrets: runtime.config.eventsWebhook.secrets,
      secretVariable: "DOMAIN_EVENTS_WEBHOOK_SECRET",
      signatureHeader: "X-Commonwork-Signature",
      maxBodyBytes: MAX_BODY_BYTES,
      count,
    }),
    recordEvents(runtime, count),
  );
  return router;
}

function recordEvents(runtime: Runtime, count: (result: CallResult) => void): RequestHandler {
  const { db, metrics } = runtime;
  return async (_req, res) => {
    const { startedMs, ...call } = signedCallOf(res);
    const message = { source: EVENTS_SOURCE, ...call };
    try {
      const result = await takeMessage(runtime, message);
      if ("faults" in result) {
        await rejectMessage(db.drizzle, { ...message, faults: result.faults });
        count("rejected");
        const hint = "The signature is valid, but the events are not. Fix the errors and try again.";
        sendError(res, 422, { code: "bad-events", message: hint, faults: result.faults });
      } else {
        count(result.status);
        acknowledge(runtime, res, result);
      }
    } catch (error) {
      const waitMs = retryAfterMs(error);
      count("unavailable");
      if (waitMs === null) throw error;
      const hint = "Nothing was stored. Send the same body again after the time in Retry-After.";
      sendRetryLater(res, 503, { code: "unavailable", message: hint }, waitMs);
    }
    metrics.accept.observe({ source: EVENTS_SOURCE }, (performance.now() - startedMs) / 1_000);
  };
}

type Faults = { readonly faults: readonly { readonly field: string; readonly fault: string }[] };

/** Parses and stores the events of a message, or returns what is wrong with them. */
async function takeMessage({ relay }: Runtime, message: InboxMessage): Promise<EventsReceipt | Faults> {
  const read = readEvents(message.raw);
  if ("faults" in read) return read;
  try {
    return await relay.transact((tx) => takeEvents(tx, { ...message, events: read.events }));
  } catch (error) {
    if (!(error instanceof UnknownReferences)) throw error;
    return {
      faults: error.faults.map(({ index, field }) => ({
        field: `events.${index}.${field}`,
        fault: "is unknown",
      })),
    };
  }
}

function readEvents(raw: Buffer) {
  let json: unknown;
  try {
    json = JSON.parse(raw.toString("utf8"));
  } catch {
    return { faults: [{ field: "body", fault: "must be JSON" }] };
  }
  const parsed = hostEvents.safeParse(json);
  if (parsed.success) return parsed.data;
  return {
    faults: parsed.error.issues.map((issue) => ({
      field: issue.path.join(".") || "body",
      fault: issue.message,
    })),
  };
}

const STATUS_CODES = { accepted: 202, duplicate: 200, conflict: 409 } as const;

function acknowledge(runtime: Runtime, res: Response, receipt: EventsReceipt): void {
  res.status(STATUS_CODES[receipt.status]);
  if (receipt.status !== "conflict") {
    res.json(receipt);
    return;
  }
  runtime.log.error(
    { alert: "event-conflict", source: EVENTS_SOURCE, receipt: receipt.receipt },
    "a webhook call conflicts with events recorded before; those were not changed",
  );
  const message =
    "Some ids were recorded before with other values, see events. Those were not changed; the others were recorded.";
  res.json({ ...receipt, error: { code: "conflict", message } });
}
