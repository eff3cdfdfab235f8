import type { Decided } from "../../../db/audit.ts";
import type { Job } from "../../../queues/job.ts";
import { startRun } from "../../../queues/manual-runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { releaseCommission } from "../../../workers/commissions/release-commission.ts";
import { reverseSale } from "../../../workers/commissions/reverse-sale.ts";

/** What an operator may decide about a sale. */
export const SALE_DECISIONS = ["release", "reverse"] as const;
export type SaleDecision = (typeof SALE_DECISIONS)[number];

const JOBS: Readonly<
  Record<SaleDecision, Job<{ saleId: string; actor: string; reason?: string | undefined }>>
> = {
  release: releaseCommission,
  reverse: reverseSale,
};

export const isSaleDecision = (text: string): text is SaleDecision =>
  (SALE_DECISIONS as readonly string[]).includes(text);

/**
 * Opens a run that carries out a decision about a sale. The job writes the audit row, which is kept forever
 * and has no address; the address is in the row of the request.
 * @returns the id of the run.
 */
export const decideSale = (
  runtime: Runtime,
  decision: SaleDecision,
  saleId: string,
  { actor, reason }: Decided,
): Promise<string> =>
  runtime.relay.transact((tx) => startRun(tx, JOBS[decision] as Job, { saleId, actor, reason }));
