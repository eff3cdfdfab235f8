import express, { type Response, Router } from "express";
import { z } from "zod";
import type { Job } from "../../queues/job.ts";
import { startRun } from "../../queues/manual-runs.ts";
import { listHolds } from "../../rewards/holds.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { releaseCommission } from "../../workers/commissions/release-commission.ts";
import { reverseSale } from "../../workers/commissions/reverse-sale.ts";
import { sendExplanation } from "../api/explain.ts";
import { sendError } from "../error-response.ts";
import { integerField, validateBody, validateQuery } from "../validate.ts";
import { sessionOf } from "./guard.ts";
import { reasonBody } from "./reason.ts";

const ID = /^[1-9][0-9]{0,17}$/;
const SALE = z.string().regex(ID, "must be an id");

export const holdsPage = z.object({
  limit: integerField(1, 1_000).default(50),
  after: SALE.optional(),
});

type Decision = Job<{ saleId: string; actor: string; reason?: string | undefined }>;

const DECISIONS: ReadonlyMap<string, Decision> = new Map([
  ["release", releaseCommission],
  ["reverse", reverseSale],
]);

/**
 * The operators' JSON API: `GET /api/explain/:kind/:id`, `GET /api/holds?limit=&after=`, `POST
 * /api/holds/:sale/release|reverse`. A decision needs a `reason` in its body. It is enqueued as a run; the
 * response is 202 with the id of the run.
 */
export function rewardRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/api/explain/:kind/:id", (req, res) =>
    sendExplanation(runtime, res, { kind: req.params.kind, id: req.params.id }, null),
  );
  router.get("/api/holds", async (req, res) => {
    const query = validateQuery(holdsPage, req, res);
    if (query === null) return;
    res.json({ holds: await listHolds(runtime.db.drizzle, query.limit, query.after) });
  });
  router.post("/api/holds/:sale/:decision", express.json({ limit: "8kb" }), (req, res, next) => {
    const job = DECISIONS.get(req.params.decision);
    if (!job || !ID.test(req.params.sale)) return next();
    const given = validateBody(reasonBody, req, res, "no-reason");
    if (given !== null) return decide(runtime, res, job, { saleId: req.params.sale, reason: given.reason });
  });
  return router;
}

async function decide(
  runtime: Runtime,
  res: Response,
  job: Decision,
  { saleId, reason }: { readonly saleId: string; readonly reason: string },
): Promise<void> {
  const [held] = (await listHolds(runtime.db.drizzle, 1, String(BigInt(saleId) - 1n))).filter(
    (hold) => hold.saleId === saleId,
  );
  if (!held) return sendError(res, 404, { code: "not-held", message: "The sale is not held." });
  const run = await runtime.relay.transact((tx) =>
    startRun(tx, job as Job, { saleId, reason, actor: sessionOf(res).role }),
  );
  res.status(202).json({ run });
}
