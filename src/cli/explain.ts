import type { Command } from "commander";
import type { Explanation } from "../explain/explanation.ts";
import { EXPLAINED, EXPLAINED_IDS, explain } from "../explain/index.ts";
import { printable } from "../printable.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { formatFacts } from "./table.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/**
 * `commonwork explain award|commission|feed|match|multiplier|recommendation <id>`: exit code 1 when the
 * stored figure differs from the recomputed one.
 */
export function defineExplain(command: Command, terminal: Terminal): void {
  for (const kind of EXPLAINED) {
    const one = command
      .command(kind)
      .argument("<id>", EXPLAINED_IDS[kind])
      .description(`explain ${kind === "award" ? "an" : "a"} ${kind}`);
    jsonFlag(one).action(async (id: string, { json }: { json?: true }) => {
      const explanation = await withDatabase(terminal, (db) => explain(db.drizzle, kind, id));
      if (!explanation) throw new CliError(`There is no ${kind} ${id}. Expected ${EXPLAINED_IDS[kind]}.`);
      if (json) printJson(terminal, explanation);
      else printExplanation(terminal, explanation);
      if (!explanation.agrees) terminal.exitCode = 1;
    });
  }
}

const LABEL_WIDTH = 12;

function printExplanation(terminal: Terminal, { title, steps, agrees, faults }: Explanation): void {
  printLine(terminal, `${printable(title)}\n`);
  for (const { what, how } of steps) terminal.write(formatFacts({ [what.padEnd(LABEL_WIDTH)]: how }));
  printLine(terminal);
  printLine(
    terminal,
    agrees ? "The stored figures match the recomputed ones." : "The stored figures do NOT match:",
  );
  for (const fault of faults) printLine(terminal, `  ${printable(fault)}`);
}
