import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { readSale, type SaleFault } from "../../rewards/read-sale.ts";
import { rejectDelivery, type SaleReceipt } from "../../rewards/take-sales.ts";
import type { Runtime } from "../../runtime.ts";
import { refuse, refuseForNow } from "../answers.ts";
import { VERSION } from "../version.ts";
import { createWebhookLimits } from "./limits.ts";
import { createSaleIntake, retryAfterMs, type SaleIntake } from "./sale-intake.ts";
import { findSigner, signingSecrets } from "./signature.ts";

const SOURCE = "scicent";
const SALE_PATHS = ["/volunteer_scheduler/webhooks/scicent_sale", "/webhooks/scicent_sale"];
const HEALTH_PATHS = ["/volunteer_scheduler/webhooks/health", "/webhooks/health"];
const SIGNATURE_HEADER = "x-scicent-signature";
const MAX_BODY_BYTES = 64 * 1024;
const SAY_AGAIN_AFTER_MS = 60_000;

/** How a delivery ended, for the counter: the four outcomes of the inbox, and the refusals that leave no row. */
type Ending = SaleReceipt["status"] | "rejected" | "limited" | "refused" | "unsigned" | "unavailable";

/** What the signature has shown about a request. */
type Signed = { raw: Buffer; signature: string; secretId: string; receivedAt: Date; startedMs: number };

/**
 * The webhook of the token seller. Each check is one step, in the order of domain/rewards.md. It must be mounted before
 * any parser: the signature is over the bytes. `intake` groups the commits.
 */
export function saleWebhook(runtime: Runtime, intake: SaleIntake = createSaleIntake(runtime)): Router {
  const count = (ending: Ending) => runtime.metrics.deliveries.inc({ source: SOURCE, status: ending });
  const limits = createWebhookLimits(runtime, SOURCE, () => count("limited"));
  const router = Router();
  router.all(
    SALE_PATHS,
    onlyPost(count),
    limits.address,
    configured(runtime, count),
    refuseLarge(count),
    express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false }),
    signed(runtime, limits.penalizeAddress, count),
    limits.source,
    onlyJson(count),
    take(runtime, intake, count),
  );
  router.get(HEALTH_PATHS, (_req, res) => {
    const status = runtime.config.saleWebhook.secrets.length > 0 ? "ok" : "off";
    res.json({ status, timestamp: runtime.clock.now().toISOString(), version: VERSION });
  });
  return router;
}

function onlyPost(count: (ending: Ending) => void): RequestHandler {
  return (req, res, next) => {
    if (req.method === "POST") return next();
    count("refused");
    res.set("Allow", "POST");
    refuse(res, 405, { code: "method-not-allowed", message: "Deliveries are sent by POST." });
  };
}

/** Unsigned is never accepted: without a secret nothing can be checked, so nothing is taken. */
function configured(runtime: Runtime, count: (ending: Ending) => void): RequestHandler {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (_req, res, next) => {
    if (runtime.config.saleWebhook.secrets.length > 0) return next();
    if (performance.now() - saidMs > SAY_AGAIN_AFTER_MS) {
      runtime.log.error("SCICENT_WEBHOOK_SECRET is not set: deliveries of sales are refused with 503");
      saidMs = performance.now();
    }
    count("unavailable");
    const message = "The webhook is not configured: its operator has to set SCICENT_WEBHOOK_SECRET.";
    refuseForNow(res, 503, { code: "not-configured", message }, SAY_AGAIN_AFTER_MS);
  };
}

/** The parser would say the same after it has read the whole body off; a length that is told is refused unread. */
function refuseLarge(count: (ending: Ending) => void): RequestHandler {
  return (req, res, next) => {
    if (!(Number(req.headers["content-length"]) > MAX_BODY_BYTES)) return next();
    count("refused");
    res.set("Connection", "close");
    refuse(res, 413, { code: "too-large", message: `A delivery has at most ${MAX_BODY_BYTES} bytes.` });
  };
}

function signed(
  runtime: Runtime,
  penalize: (address: string | undefined) => Promise<void>,
  count: (ending: Ending) => void,
): RequestHandler {
  const secrets = signingSecrets(runtime.config.saleWebhook.secrets);
  return async (req, res, next) => {
    // The parser leaves no body where none was sent.
    const raw = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const signature = req.get(SIGNATURE_HEADER);
    const secretId = findSigner(raw, signature, secrets);
    if (signature !== undefined && secretId !== null) {
      const startedMs = performance.now();
      res.locals.signed = {
        raw,
        signature,
        secretId,
        receivedAt: runtime.clock.now(),
        startedMs,
      } satisfies Signed;
      return next();
    }
    count("unsigned");
    await penalize(req.ip);
    refuse(res, 401, {
      code: "bad-signature",
      message:
        "X-Scicent-Signature must be sha256= followed by the 64 hex digits of the HMAC-SHA256 of the body's bytes, with the shared secret.",
    });
  };
}

/** JSON is UTF-8; another charset would mean bytes that the signature covers and the reader misunderstands. */
const JSON_TYPE = /^\s*application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

function onlyJson(count: (ending: Ending) => void): RequestHandler {
  return (req, res, next) => {
    if (JSON_TYPE.test(req.headers["content-type"] ?? "")) return next();
    count("refused");
    refuse(res, 415, { code: "not-json", message: "Send Content-Type: application/json." });
  };
}

function take(runtime: Runtime, intake: SaleIntake, count: (ending: Ending) => void): RequestHandler {
  const { accept } = runtime.metrics;
  return async (_req: Request, res: Response) => {
    const { raw, signature, secretId, receivedAt, startedMs } = res.locals.signed as Signed;
    const delivery = { source: SOURCE, raw, signature, secretId, receivedAt };
    const read = readSale(raw, receivedAt);
    try {
      if (read.kind === "sale") {
        const receipt = await intake.submit({ ...delivery, ...read.sale });
        count(receipt.status);
        acknowledge(runtime, res, receipt);
      } else {
        await rejectDelivery(runtime.db.drizzle, { ...delivery, faults: read.faults });
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
