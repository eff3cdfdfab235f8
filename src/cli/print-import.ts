import type { ChangeFlags } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** The result of an import. */
export type Imported = {
  /** The table, or the history. */
  readonly what: string;
  /** Lines by outcome. */
  readonly counts: Readonly<Record<string, number>>;
  /** The file with the refused lines, if there are any. */
  readonly refused: string | null;
  /** False: it was interrupted. */
  readonly isDone: boolean;
};

/** Prints the result of an import. The exit code is 1 if lines were refused, or it was interrupted. */
export function printImport(terminal: Terminal, { dryRun, json }: ChangeFlags, imported: Imported): void {
  const { what, counts, refused, isDone } = imported;
  if (refused !== null || !isDone) terminal.exitCode = 1;
  if (json) {
    printJson(terminal, { what, dryRun: dryRun === true, ...counts, refusedLines: refused, isDone });
    return;
  }
  const parts = Object.entries(counts).map(([status, lines]) => `${lines} ${status}`);
  printLine(terminal, `${what}: ${parts.length === 0 ? "the file has no rows" : parts.join(", ")}.`);
  if (refused !== null) printLine(terminal, `The refused lines, with reasons, are in ${refused}.`);
  if (!isDone)
    printLine(terminal, "Interrupted. Run it again to continue: what was stored is not stored twice.");
  if (dryRun) printLine(terminal, "Dry run: nothing was changed.");
}
