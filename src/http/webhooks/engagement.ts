import { type RequestHandler, Router } from "express";
import { inTransaction } from "../../db/transaction.ts";
import { type EngagementOutcome, MAX_ENGAGEMENT, storeEngagement } from "../../feeds/engagement.ts";
import { readItems, readJson } from "../../foreign-json.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { type ErrorBody, sendError } from "../requests/error-response.ts";
import { HOST_STATUS_CODES, requireHostSignature, requireMirrored } from "./host-webhook.ts";
import { answerUnavailable, type CallRejection, signedCallOf } from "./signed-webhook.ts";

const SOURCE = "engagement";
const MAX_FAULTS_OF_EVENT = 10;

type Status = keyof typeof HOST_STATUS_CODES;

const STATUS_OF: Readonly<Record<EngagementOutcome, Status>> = {
  recorded: "accepted",
  taken_back: "accepted",
  unchanged: "duplicate",
  conflict: "conflict",
  unknown_user: "rejected",
  unknown_target: "rejected",
  future: "rejected",
  invalid: "rejected",
};

const MESSAGES: Readonly<Partial<Record<Status, string>>> = {
  rejected: "Some events were not recorded, see events; the others were. Fix the errors and try again.",
  conflict:
    "Some ids were already recorded with different values, see events. Those were not changed; the others were recorded.",
};

/**
 * `POST /webhooks/engagement`: engagement of users with posts and with each other, up to 1,000 events per
 * call. The ids of the events are their idempotency keys, so calls are not kept. Must be mounted before any
 * body parser.
 */
export function engagementWebhook(runtime: Runtime): Router {
  const count = (status: Status | CallRejection) =>
    runtime.metrics.webhookCalls.inc({ source: SOURCE, status });
  const router = Router();
  router.all(
    "/webhooks/engagement",
    requireHostSignature(runtime, SOURCE, count),
    requireMirrored(runtime, count),
    recordEvents(runtime, count),
  );
  return router;
}

function recordEvents(
  { db, metrics }: Runtime,
  count: (status: Status | CallRejection) => void,
): RequestHandler {
  return async (_req, res) => {
    const { raw, startedMs } = signedCallOf(res);
    try {
      const read = readEngagement(raw);
      if ("faults" in read) {
        count("rejected");
        const message = "The signature is valid, but the body has errors. Nothing was recorded.";
        sendError(res, 422, { code: "bad-engagement", message, faults: read.faults });
      } else {
        const outcomes = await inTransaction(db, (tx) =>
          storeEngagement(
            tx,
            read.events.map(({ event }) => event),
          ),
        );
        const status = statusOf(outcomes);
        count(status);
        const code = status === "conflict" ? "conflict" : "bad-engagement";
        const message = MESSAGES[status];
        res.status(HOST_STATUS_CODES[status]).json({
          status,
          events: read.events.map(({ id, faults }, index) => ({
            id,
            status: outcomes[index],
            ...(faults.length > 0 ? { faults } : {}),
          })),
          ...(message === undefined ? {} : { error: { code, message } }),
        });
      }
    } catch (error) {
      answerUnavailable(res, error, count);
    }
    metrics.accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
  };
}

type Faults = NonNullable<ErrorBody["faults"]>;

/** An event as it was sent; null with the reasons if it cannot be stored. It is then recorded as invalid. */
type ReadEngagement = { readonly id: string | null; readonly event: unknown; readonly faults: Faults };

/**
 * Reads `{ "events": [ ... ] }`, each event by itself: one that cannot be stored leaves the others readable.
 * What each must have is checked where it is recorded.
 */
function readEngagement(
  raw: Buffer,
): { readonly events: readonly ReadEngagement[] } | { readonly faults: Faults } {
  const read = readItems(raw, "events");
  if ("fault" in read) return { faults: [{ field: "body", fault: read.fault }] };
  const count = read.items.length;
  if (count === 0 || count > MAX_ENGAGEMENT)
    return { faults: [{ field: "events", fault: `must be a list of 1 to ${MAX_ENGAGEMENT} events` }] };
  return { events: read.items.map(readEvent) };
}

function readEvent(text: string): ReadEngagement {
  const read = readJson(text);
  if ("fault" in read) return { id: null, event: null, faults: [{ field: "", fault: read.fault }] };
  const faults = read.faults
    .slice(0, MAX_FAULTS_OF_EVENT)
    .map(({ path, fault }) => ({ field: path.join("."), fault }));
  return { id: idOf(read.value), event: faults.length > 0 ? null : read.value, faults };
}

/** Ordered by what the sender should know first; a call with one new event is accepted. */
function statusOf(outcomes: readonly EngagementOutcome[]): Status {
  const statuses = new Set(outcomes.map((outcome) => STATUS_OF[outcome]));
  return (
    (["rejected", "conflict", "accepted"] as const).find((status) => statuses.has(status)) ?? "duplicate"
  );
}

function idOf(event: unknown): string | null {
  const id = (event as { id?: unknown } | null)?.id;
  return typeof id === "string" || typeof id === "number" ? String(id) : null;
}
