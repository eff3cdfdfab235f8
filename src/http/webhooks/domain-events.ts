import { type RequestHandler, type Response, Router } from "express";
import { rejectMessage } from "../../db/inbox.ts";
import { EVENTS_SOURCE, type EventsReceipt, hostEvents, takeEvents } from "../../intake/events.ts";
import { retryAfterMs } from "../../intake/retry-after.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { refuse, refuseForNow } from "../error-response.ts";
import { type Refusal, signedDeliveries, signedOf } from "./signed-webhook.ts";

const MAX_BODY_BYTES = 512 * 1024;

type Ending = EventsReceipt["status"] | "rejected" | Refusal;

/**
 * `POST /webhooks/domain_events`: events of the host platform, for a host that does not insert them itself. Up to 100 in a delivery,
 * all of them or none. It must be mounted before any parser: the signature is over the bytes.
 */
export function eventsWebhook(runtime: Runtime): Router {
  const count = (ending: Ending) => runtime.metrics.deliveries.inc({ source: EVENTS_SOURCE, status: ending });
  const router = Router();
  router.all(
    "/webhooks/domain_events",
    signedDeliveries(runtime, {
      source: EVENTS_SOURCE,
      secrets: runtime.config.eventsWebhook.secrets,
      secretVariable: "DOMAIN_EVENTS_WEBHOOK_SECRET",
      whatIsRefused: "deliveries of domain events",
      signatureHeader: "X-Commonwork-Signature",
      maxBodyBytes: MAX_BODY_BYTES,
      count,
    }),
    take(runtime, count),
  );
  return router;
}

function take(runtime: Runtime, count: (ending: Ending) => void): RequestHandler {
  const { db, relay, metrics } = runtime;
  return async (_req, res) => {
    const { startedMs, ...delivery } = signedOf(res);
    try {
      const read = readEvents(delivery.raw);
      if ("faults" in read) {
        await rejectMessage(db.drizzle, { source: EVENTS_SOURCE, ...delivery, faults: read.faults });
        count("rejected");
        const message =
          "The delivery is signed but cannot be read as events. Nothing was taken. Mend the faults and send it again.";
        refuse(res, 422, { code: "bad-events", message, faults: read.faults });
      } else {
        const receipt = await relay.transact((tx) =>
          takeEvents(tx, { ...delivery, source: EVENTS_SOURCE, events: read.events }),
        );
        count(receipt.status);
        acknowledge(runtime, res, receipt);
      }
    } catch (error) {
      const laterMs = retryAfterMs(error);
      count("unavailable");
      if (laterMs === null) throw error;
      const message = "Nothing was taken. Send the same delivery again after the time in Retry-After.";
      refuseForNow(res, 503, { code: "unavailable", message }, laterMs);
    }
    metrics.accept.observe({ source: EVENTS_SOURCE }, (performance.now() - startedMs) / 1_000);
  };
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
    "a delivery contradicts events that were taken before; those were left as they are",
  );
  const message =
    "Some ids were taken before with other values, see events. Those were left as they are; the others were taken.";
  res.json({ ...receipt, error: { code: "conflict", message } });
}
