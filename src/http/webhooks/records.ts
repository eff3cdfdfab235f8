import { type RequestHandler, Router } from "express";
import { type ReadRecord, readRecordLines } from "../../connect/read-records.ts";
import type { HostRecord } from "../../connect/record-versions.ts";
import { type RecordOutcome, storeRecords } from "../../connect/store-records.ts";
import { createGroupCommit, type GroupCommit } from "../../db/group-commit.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { HOST_STATUS_CODES, type HostBody, requireHostSignature } from "./host-webhook.ts";
import { answerUnavailable, type CallRejection, signedCallOf } from "./signed-webhook.ts";

const SOURCE = "records";

/** One record per line. */
const BODY: HostBody = { maxBodyBytes: 4 * 1024 * 1024, contentType: "application/x-ndjson" };

/** Calls that may wait for the one before. */
const MAX_WAITING = 16;

type Status = keyof typeof HOST_STATUS_CODES;

type Intake = GroupCommit<readonly HostRecord[], readonly RecordOutcome[]>;

/**
 * One call at a time: they would wait for each other in Postgres, each with a connection that sales and the
 * API need.
 */
const createIntake = ({ db }: Runtime): Intake =>
  createGroupCommit({
    write: (calls) =>
      inTransaction(db, (tx) => Promise.all(calls.map((records) => storeRecords(tx, records)))),
    maxGroup: 1,
    maxWaiting: MAX_WAITING,
  });

const STATUS_OF: Readonly<Record<RecordOutcome["status"], Status>> = {
  stored: "accepted",
  waiting: "accepted",
  unchanged: "duplicate",
  older: "duplicate",
  conflict: "conflict",
  rejected: "rejected",
};

const MESSAGES: Readonly<Partial<Record<Status, string>>> = {
  rejected: "Some records were not stored, see records; the others were. Fix the errors and try again.",
  conflict:
    "Some records have the version of one that was already stored with different values, see records. Those were not changed; the others were stored.",
};

/**
 * `POST /webhooks/records`: rows of a host in another database, up to 1,000 per call, written as those of
 * mirrors are. Their versions make repeated calls harmless, so calls are not kept. Must be mounted before any
 * body parser.
 */
export function recordsWebhook(runtime: Runtime): Router {
  const count = (status: Status | CallRejection) =>
    runtime.metrics.webhookCalls.inc({ source: SOURCE, status });
  const router = Router();
  router.all(
    "/webhooks/records",
    requireHostSignature(runtime, SOURCE, count, BODY),
    takeRecords(runtime, createIntake(runtime), count),
  );
  return router;
}

function takeRecords(
  { metrics }: Runtime,
  intake: Intake,
  count: (status: Status | CallRejection) => void,
): RequestHandler {
  return async (_req, res) => {
    const { raw, startedMs } = signedCallOf(res);
    try {
      const read = await readRecordLines(raw);
      if ("faults" in read) {
        count("rejected");
        const message = "The signature is valid, but the body has errors. Nothing was stored.";
        sendError(res, 422, { code: "bad-records", message, faults: read.faults });
      } else {
        const records = read.lines.flatMap((line) => ("record" in line ? [line.record] : []));
        const outcomes = await intake.submit(records);
        const answers = answersOf(read.lines, outcomes);
        const status = statusOf(answers);
        count(status);
        const code = status === "conflict" ? "conflict" : "bad-records";
        const message = MESSAGES[status];
        res.status(HOST_STATUS_CODES[status]).json({
          status,
          records: answers,
          ...(message === undefined ? {} : { error: { code, message } }),
        });
      }
    } catch (error) {
      answerUnavailable(res, error, count);
    }
    metrics.accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
  };
}

/** The outcome of a line, for its sender. */
type Answer = {
  readonly line: number;
  readonly table: string | null;
  readonly host_id: string | null;
  readonly status: RecordOutcome["status"];
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
  readonly waits_for?: { readonly table: string; readonly host_id: string };
};

function answersOf(lines: readonly ReadRecord[], outcomes: readonly RecordOutcome[]): Answer[] {
  const left = [...outcomes];
  return lines.map((read): Answer => {
    const named = { line: read.line, table: read.table, host_id: read.key };
    if ("faults" in read) return { ...named, status: "rejected", faults: read.faults };
    const outcome = left.shift() as RecordOutcome;
    if (outcome.status === "waiting") {
      const { table, key } = outcome.needs;
      return { ...named, status: "waiting", waits_for: { table, host_id: key } };
    }
    return { ...named, ...outcome };
  });
}

/** Ordered by what the sender should know first; a call with one new row is accepted. */
function statusOf(answers: readonly Answer[]): Status {
  const statuses = new Set(answers.map(({ status }) => STATUS_OF[status]));
  return (
    (["rejected", "conflict", "accepted"] as const).find((status) => statuses.has(status)) ?? "duplicate"
  );
}
