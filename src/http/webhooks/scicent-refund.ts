import { type Request, type RequestHandler, type Response, Router } from "express";
import { rejectMessage } from "../../db/inbox.ts";
import { readRefund } from "../../rewards/read-refund.ts";
import type { SaleFault } from "../../rewards/read-sale.ts";
import { type RefundReceipt, takeRefund, UnknownSale } from "../../rewards/take-refunds.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { enqueueRefund } from "../../workers/commissions/reverse-sale.ts";
import { sendError } from "../requests/error-response.ts";
import { requireSellerSignature } from "./scicent-signature.ts";
import { answerUnavailable, type CallRejection, signedCallOf } from "./signed-webhook.ts";

const SOURCE = "scicent_refund";
const SALES_SOURCE = "scicent";
const PATHS = ["/volunteer_scheduler/webhooks/scicent_refund", "/webhooks/scicent_refund"];

type CallResult = RefundReceipt["status"] | "rejected" | "unknown" | CallRejection;

/**
 * Refunds of token sales (docs/webhooks.md), signed by the seller like sales. Must be mounted before any body
 * parser.
 */
export function refundWebhook(runtime: Runtime): Router {
  const count = (result: CallResult) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status: result });
  const router = Router();
  router.all(PATHS, requireSellerSignature(runtime, SOURCE, count), recordRefund(runtime, count));
  return router;
}

function recordRefund(runtime: Runtime, count: (result: CallResult) => void): RequestHandler {
  return async (_req: Request, res: Response) => {
    const { raw, signature, secretId, receivedAt, startedMs } = signedCallOf(res);
    const message = { source: SOURCE, raw, signature, secretId, receivedAt };
    const read = readRefund(raw);
    try {
      if (read.kind === "faults") {
        await rejectMessage(runtime.db.drizzle, { ...message, faults: read.faults });
        count("rejected");
        return rejectFaults(res, read.faults);
      }
      const { saleExternalId, ...refund } = read.refund;
      const sale = { source: SALES_SOURCE, externalId: saleExternalId };
      const receipt = await runtime.relay.transact((tx) =>
        takeRefund(tx, { ...message, ...refund, sale }, enqueueRefund),
      );
      count(receipt.status);
      acknowledge(runtime, res, receipt);
    } catch (error) {
      answerError(res, error, count);
    } finally {
      runtime.metrics.accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
    }
  };
}

const STATUS_CODES = { accepted: 202, duplicate: 200, conflict: 409 } as const;

function acknowledge(
  runtime: Runtime,
  res: Response,
  { status, receipt, refundId, saleId }: RefundReceipt,
): void {
  const answer = { status, receipt, refund: refundId, sale: saleId };
  res.status(STATUS_CODES[status]);
  if (status !== "conflict") {
    res.json(answer);
    return;
  }
  runtime.log.error(
    { alert: "refund-conflict", source: SOURCE, sale: saleId, refund: refundId, receipt },
    "a webhook call conflicts with a refund recorded before; nothing was changed",
  );
  const text = "This refund_id was already recorded with different values. Nothing was changed.";
  res.json({ ...answer, error: { code: "conflict", message: text } });
}

function rejectFaults(res: Response, faults: readonly SaleFault[]): void {
  const message = "The signature is valid, but the body is not a refund. Fix the errors and try again.";
  sendError(res, 422, { code: "bad-refund", message, faults });
}

function answerError(res: Response, error: unknown, count: (result: CallResult) => void): void {
  if (error instanceof UnknownSale) {
    count("unknown");
    const message =
      "No sale with this transaction_id was received. Send the sale first, then the refund again.";
    sendError(res, 404, { code: "unknown-sale", message });
    return;
  }
  answerUnavailable(res, error, count);
}
