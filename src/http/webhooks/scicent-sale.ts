import { type Request, type RequestHandler, type Response, Router } from "express";
import { rejectMessage } from "../../db/inbox.ts";
import { createSaleIntake, type SaleIntake } from "../../intake/sales.ts";
import { numberBuyer } from "../../rewards/number-buyer.ts";
import { readSale, type SaleFault } from "../../rewards/read-sale.ts";
import type { SaleReceipt } from "../../rewards/take-sales.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { VERSION } from "../../version.ts";
import { sendError } from "../requests/error-response.ts";
import { requireSellerSignature } from "./scicent-signature.ts";
import { answerUnavailable, type CallRejection, signedCallOf } from "./signed-webhook.ts";

const SOURCE = "scicent";
const SALE_PATHS = ["/volunteer_scheduler/webhooks/scicent_sale", "/webhooks/scicent_sale"];
const HEALTH_PATHS = ["/volunteer_scheduler/webhooks/health", "/webhooks/health"];

/** The result of a call, for the counter: the outcomes of the inbox, and rejections that leave no row. */
type CallResult = SaleReceipt["status"] | "rejected" | CallRejection;

/**
 * The webhook of the token seller (docs/webhooks.md). Must be mounted before any body parser. `intake`
 * commits sales in groups.
 */
export function saleWebhook(runtime: Runtime, intake: SaleIntake = createSaleIntake(runtime)): Router {
  const count = (result: CallResult) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status: result });
  const { secrets } = runtime.config.saleWebhook;
  const router = Router();
  router.all(SALE_PATHS, requireSellerSignature(runtime, SOURCE, count), recordSale(runtime, intake, count));
  router.get(HEALTH_PATHS, (_req, res) => {
    const status = secrets.length > 0 ? "ok" : "off";
    res.json({ status, timestamp: runtime.clock.now().toISOString(), version: VERSION });
  });
  return router;
}

function recordSale(
  runtime: Runtime,
  intake: SaleIntake,
  count: (result: CallResult) => void,
): RequestHandler {
  const { accept } = runtime.metrics;
  return async (_req: Request, res: Response) => {
    const { raw, signature, secretId, receivedAt, startedMs } = signedCallOf(res);
    const message = { source: SOURCE, raw, signature, secretId, receivedAt };
    try {
      const read = await numberBuyer(runtime.db.drizzle, readSale(raw, receivedAt));
      if (read.kind === "sale") {
        const receipt = await intake.submit({ ...message, ...read.sale });
        count(receipt.status);
        acknowledge(runtime, res, receipt);
      } else {
        await rejectMessage(runtime.db.drizzle, { ...message, faults: read.faults });
        count("rejected");
        rejectFaults(res, read.faults);
      }
    } catch (error) {
      answerUnavailable(res, error, count);
    }
    accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
  };
}

const STATUS_CODES = { accepted: 202, duplicate: 200, conflict: 409 } as const;

function acknowledge(runtime: Runtime, res: Response, { status, receipt, saleId }: SaleReceipt): void {
  const answer = { status, receipt, sale: saleId };
  res.status(STATUS_CODES[status]);
  if (status !== "conflict") {
    res.json(answer);
    return;
  }
  runtime.log.error(
    { alert: "sale-conflict", source: SOURCE, sale: saleId, receipt },
    "a webhook call conflicts with a sale recorded before; nothing was changed",
  );
  const message = "This transaction_id was already recorded with different values. Nothing was changed.";
  res.json({ ...answer, error: { code: "conflict", message } });
}

function rejectFaults(res: Response, faults: readonly SaleFault[]): void {
  const message = "The signature is valid, but the body is not a sale. Fix the errors and try again.";
  sendError(res, 422, { code: "bad-sale", message, faults });
}
