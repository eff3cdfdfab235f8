import { type RequestHandler, type Response, Router } from "express";
import { EVENTS_SOURCE, rejectMessage } from "../../db/inbox.ts";
import { type EventsReceipt, faultsOf, takeEvents } from "../../intake/events.ts";
import { type EventFault, readHostEvents } from "../../intake/read-events.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { type ErrorBody, sendError } from "../requests/error-response.ts";
import { HOST_STATUS_CODES, requireHostSignature, requireMirrored } from "./host-webhook.ts";
import { answerUnavailable, type CallRejection, signedCallOf } from "./signed-webhook.ts";

/** The result of a call, for the counter. */
type CallResult = EventsReceipt["status"] | CallRejection;

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
    requireHostSignature(runtime, EVENTS_SOURCE, count),
    requireMirrored(runtime, count),
    recordEvents(runtime, count),
  );
  return router;
}

function recordEvents(runtime: Runtime, count: (result: CallResult) => void): RequestHandler {
  const { db, metrics, relay } = runtime;
  return async (_req, res) => {
    const { startedMs, ...call } = signedCallOf(res);
    const message = { source: EVENTS_SOURCE, ...call };
    try {
      const read = readHostEvents(message.raw, message.receivedAt);
      if ("faults" in read) {
        await rejectMessage(db.drizzle, { ...message, faults: read.faults });
        count("rejected");
        sendError(res, 422, badEvents("Nothing was recorded.", read.faults));
      } else {
        const receipt = await relay.transact((tx) => takeEvents(tx, { ...message, ...read }));
        count(receipt.status);
        acknowledge(runtime, res, receipt);
      }
    } catch (error) {
      answerUnavailable(res, error, count);
    }
    metrics.accept.observe({ source: EVENTS_SOURCE }, (performance.now() - startedMs) / 1_000);
  };
}

const badEvents = (consequence: string, faults: readonly EventFault[]): ErrorBody => ({
  code: "bad-events",
  message: `The signature is valid, but the events have errors. ${consequence} Fix the errors and try again.`,
  faults,
});

function acknowledge(runtime: Runtime, res: Response, receipt: EventsReceipt): void {
  res.status(HOST_STATUS_CODES[receipt.status]);
  if (receipt.status === "rejected") {
    const consequence = "Those with the status rejected were not recorded; the others were.";
    res.json({ ...receipt, error: badEvents(consequence, faultsOf(receipt)) });
  } else if (receipt.status === "conflict") {
    runtime.log.error(
      { alert: "event-conflict", source: EVENTS_SOURCE, receipt: receipt.receipt },
      "a webhook call conflicts with events recorded before; those were not changed",
    );
    const message =
      "Some ids were already recorded with different values, see events. Those were not changed; the others were recorded.";
    res.json({ ...receipt, error: { code: "conflict", message } });
  } else res.json(receipt);
}
