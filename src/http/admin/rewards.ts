import express, { type Response, Router } from "express";
import { z } from "zod";
import type { Decided } from "../../db/audit.ts";
import { isId, ownIdField } from "../../ids.ts";
import { listHolds } from "../../rewards/holds.ts";
import { readSaleReport } from "../../rewards/sale-report.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendExplanation } from "../api/explain.ts";
import { sendError } from "../requests/error-response.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { decisionOf } from "./frame/actions.ts";
import { decideSale, isSaleDecision, type SaleDecision } from "./sales/decide-sale.ts";

export const holdsPage = z.object({
  limit: integerField(1, 1_000).default(50),
  after: ownIdField().optional(),
});

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
    const { sale: saleId, decision } = req.params;
    if (!isSaleDecision(decision) || !isId(saleId)) return next();
    const given = decisionOf(req, res);
    if (given !== null) return decide(runtime, res, decision, { saleId, decided: given });
  });
  return router;
}

async function decide(
  runtime: Runtime,
  res: Response,
  decision: SaleDecision,
  { saleId, decided }: { readonly saleId: string; readonly decided: Decided },
): Promise<void> {
  const sale = await readSaleReport(runtime.db.drizzle, saleId);
  if (sale?.status !== "held")
    return sendError(res, 404, { code: "not-held", message: "The sale is not held." });
  res.status(202).json({ run: await decideSale(runtime, decision, saleId, decided) });
}
