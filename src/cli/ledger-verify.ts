import type { Command } from "commander";
import { jsonFlag } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork ledger:verify`: exit code 1 when a check fails. */
export function defineLedgerVerify(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    const { runVerification } = await import("./run-verification.ts");
    await runVerification(terminal, json === true);
  });
}
