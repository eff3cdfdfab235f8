import type { Job } from "../queues/job.ts";
import { runInline } from "../queues/manual-runs.ts";
import { executionOf } from "../roles/execution.ts";
import { releaseCommission } from "../workers/commissions/release-commission.ts";
import { reverseSale } from "../workers/commissions/reverse-sale.ts";
import { type DecisionOptions, requireConfirmation, requireReason } from "./confirm.ts";
import { runSummary } from "./follow.ts";
import { printJson, printLine } from "./print.ts";
import { preview } from "./run-job.ts";
import { operator, type Terminal } from "./terminal.ts";
import { withRuntime } from "./with-runtime.ts";

/** The decision of an operator about a held sale. */
export type HoldDecision = "release" | "reverse";

type Payload = { saleId: string; actor: string; reason?: string | undefined };

const JOBS: Record<HoldDecision, Job<Payload>> = { release: releaseCommission, reverse: reverseSale };

/**
 * Decides about a held sale, or previews that. A decision is one short transaction, run inline so that the
 * operator sees its result.
 */
export async function decideHold(
  terminal: Terminal,
  decision: HoldDecision,
  saleId: string,
  question: string,
  options: DecisionOptions,
): Promise<void> {
  const job = JOBS[decision];
  const held = { saleId, actor: operator() };
  if (options.dryRun)
    return withRuntime(terminal, { redis: false }, (runtime) =>
      preview(terminal, runtime, job, held, options),
    );
  const payload = { ...held, reason: requireReason(options) };
  await requireConfirmation(terminal, options, question);
  const run = await withRuntime(terminal, { redis: false }, (runtime) =>
    runInline(executionOf(runtime), job as Job, payload, () => undefined, terminal.interrupted()),
  );
  if (options.json) printJson(terminal, run);
  else printLine(terminal, runSummary(run));
  if (run.status !== "done") terminal.exitCode = 1;
}
