import { type Request, type RequestHandler, type Response, Router } from "express";
import { rejectMessage } from "../../db/inbox.ts";
import { retryAfterMs } from "../../intake/retry-after.ts";
import { createSaleIntake, type SaleIntake } from "../../intake/sales.ts";
import { readSale, type SaleFault } from "../../rewards/read-sale.ts";
import type { SaleReceipt } from "../../rewards/take-sales.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { VERSION } from "../../version.ts";
import { refuse, refuseForNow } from "../error-response.ts";
import { type Refusal, signedDeliveries, signedOf } from "./signed-webhook.ts";

const SOURCE = "scicent";
const SALE_PATHS = ["/volunteer_scheduler/webhooks/scicent_sale", "/webhooks/scicent_sale"];
const HEALTH_PATHS = ["/volunteer_scheduler/webhooks/health", "/webhooks/health"];
const MAX_BODY_BYTES = 64 * 1024;

/** How a delivery ended, for the counter: the four outcomes of the inbox, and the refusals that leave no row. */
type Ending = SaleReceipt["status"] | "rejected" | Refusal;

/** The webhook of the token seller, as docs/webhooks.md describes it. It must be mounted before any parser. `intake` groups the commits. */
export function saleWebhook(runtime: Runtime, intake: SaleIntake = createSaleIntake(runtime)): Router {
  const count = (ending: Ending) => runtime.metrics.deliveries.inc({ source: SOURCE, status: ending });
  const { secrets } = runtime.config.saleWebhook;
  const router = Router();
  router.all(
    SALE_PATHS,
    signedDeliveries(runtime, {
      source: SOURCE,
      secrets,
      secretVariable: "SCICENT_WEBHOOK_SECRET",
      whatIsRefused: "deliveries of sales",
      signatureHeader: "X-Scicent-Signature",
      maxBodyBytes: MAX_BODY_BYTES,
      count,
    }),
    take(runtime, intake, count),
  );
  router.get(HEALTH_PATHS, (_req, res) => {
    const status = secrets.length > 0 ? "ok" : "off";
    res.json({ status, timestamp: runtime.clock.now().toISOString(), version: VERSION });
  });
  return router;
}

function take(runtime: Runtime, intake: SaleIntake, count: (ending: Ending) => void): RequestHandler {
  const { accept } = runtime.metrics;
  return async (_req: Request, res: Response) => {
    const { raw, signature, secretId, receivedAt, startedMs } = signedOf(res);
    const delivery = { source: SOURCE, raw, signature, secretId, receivedAt };
    const read = readSale(raw, receivedAt);
    try {
      if (read.kind === "sale") {
        const receipt = await intake.submit({ ...delivery, ...read.sale });
        count(receipt.status);
        acknowledge(runtime, res, receipt);
      } else {
        await rejectMessage(runtime.db.drizzle, { ...delivery, faults: read.faults });
        count("rejected");
        refuseFaults(res, read.faults);
      }
    } catch (error) {
      const laterMs = retryAfterMs(error);
      count("unavailable");
      if (laterMs === null) throw error;
      const message = "Nothing was taken. Send the same delivery again after the time in Retry-After.";
      refuseForNow(res, 503, { code: "unavailable", message }, laterMs);
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
    "a delivery contradicts a sale that was taken before; nothing was changed",
  );
  const message = "This transaction_id was taken before with other values. Nothing was changed.";
  res.json({ ...answer, error: { code: "conflict", message } });
}

function refuseFaults(res: Response, faults: readonly SaleFault[]): void {
  const message = "The delivery is signed but cannot be read as a sale. Mend the faults and send it again.";
  refuse(res, 422, { code: "bad-sale", message, faults });
}
