import type { Command } from "commander";
import { runInline } from "../queues/manual-runs.ts";
import { verifyLedger } from "../workers/commissions/verify-ledger.ts";
import { jsonFlag } from "./flags.ts";
import { endOfRun, viewOfRun } from "./follow.ts";
import { ledgerChecks } from "./ledger-checks.ts";
import { printJson, printLine, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";
import { executionHere, withRuntime } from "./with-runtime.ts";

/** `commonwork ledger:verify`: exit code 1 on any drift. */
export function addLedgerVerify(program: Command, terminal: Terminal): void {
  jsonFlag(program.command("ledger:verify"))
    .description("verify the books here and now; the exit code is 1 when they do not agree with themselves")
    .action(async ({ json }: { json?: true }) => {
      await withRuntime(terminal, async (runtime) => {
        const view = viewOfRun(terminal, json === true || !terminal.interactive);
        const signal = terminal.interruption();
        const run = await runInline(executionHere(runtime), verifyLedger, {}, view.see, signal).finally(
          view.end,
        );
        const complete = run.status === "done";
        const checks = ledgerChecks(run.counts);
        const drift = run.counts.drift ?? 0;
        if (!complete || drift > 0) terminal.exitCode = 1;
        if (json)
          return printJson(terminal, { run: run.id, status: run.status, drift, checks, error: run.error });
        if (!complete) return terminal.complain(`The books were not verified: ${endOfRun(run)}\n`);
        printTable(
          terminal,
          [{ title: "Check" }, { title: "Faults", align: "right" }, { title: "What it promises" }],
          checks.map(({ check, faults, promise }) => [check, faults, promise]),
          "There are no checks.",
        );
        printLine(terminal);
        printLine(
          terminal,
          drift === 0
            ? "The books agree with themselves."
            : `${drift} faults. The audit log (ledger.drift) lists the ids.`,
        );
      });
    });
}
