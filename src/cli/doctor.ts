import type { Command } from "commander";
import type { Line, Status } from "../doctor/finding.ts";
import { printable } from "../printable.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork doctor`: checks the whole set-up; exit code 1 on a problem. */
export function defineDoctor(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    const { examine } = await import("../doctor/examine.ts");
    const lines = await examine({ environment: terminal.environment });
    if (json) printJson(terminal, { ok: !lines.some(isProblem), checks: lines });
    else printLines(terminal, lines);
    if (lines.some(isProblem)) terminal.exitCode = 1;
  });
}

const isProblem = ({ status }: Line): boolean => status === "problem";

const MARKS: Readonly<Record<Status, string>> = {
  ok: "ok",
  warning: "warning",
  problem: "PROBLEM",
  skipped: "skipped",
};

function printLines(terminal: Terminal, lines: readonly Line[]): void {
  const width = Math.max(...lines.map(({ check }) => check.length));
  for (const { status, check, found, action } of lines) {
    const beginning = `${MARKS[status].padEnd(8)} ${check.padEnd(width)}`;
    printLine(terminal, `${beginning}  ${printable(found)}`);
    if (action !== null) printLine(terminal, `${" ".repeat(beginning.length)}  ${printable(action)}`);
  }
  const count = (status: Status) => lines.filter((line) => line.status === status).length;
  printLine(terminal);
  printLine(terminal, `Problems: ${count("problem")}. Warnings: ${count("warning")}.`);
}
