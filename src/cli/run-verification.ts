import { runInline } from "../queues/manual-runs.ts";
import { executionOf } from "../roles/execution.ts";
import { verifyLedger } from "../workers/maintenance/verify-ledger.ts";
import { runProgress, runSummary } from "./follow.ts";
import { ledgerChecks } from "./ledger-checks.ts";
import { printJson, printLine, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";
import { withRuntime } from "./with-runtime.ts";

/** Runs all checks of the ledger and prints the result of each. */
export async function runVerification(terminal: Terminal, json: boolean): Promise<void> {
  await withRuntime(terminal, { redis: false }, async (runtime) => {
    const progress = runProgress(terminal, json || !terminal.interactive);
    const signal = terminal.interrupted();
    const run = await runInline(executionOf(runtime), verifyLedger, {}, progress.update, signal).finally(
      progress.close,
    );
    const complete = run.status === "done";
    const checks = ledgerChecks(run.counts);
    const drift = run.counts.drift ?? 0;
    if (!complete || drift > 0) terminal.exitCode = 1;
    if (json)
      return printJson(terminal, { run: run.id, status: run.status, drift, checks, error: run.error });
    if (!complete) return terminal.writeError(`The ledger was not verified: ${runSummary(run)}\n`);
    printTable(
      terminal,
      [{ title: "Check" }, { title: "Faults", align: "right" }, { title: "Invariant" }],
      checks.map(({ check, faults, promise }) => [check, faults, promise]),
      "There are no checks.",
    );
    printLine(terminal);
    printLine(
      terminal,
      drift === 0
        ? "The ledger is consistent."
        : `${drift} faults. The audit log (action ledger.drift) lists the ids.`,
    );
  });
}
