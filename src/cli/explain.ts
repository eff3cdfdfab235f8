import type { Command } from "commander";
import type { Explanation } from "../explain/explanation.ts";
import { EXPLAINED, EXPLAINED_IDS, explain } from "../explain/index.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { formatFacts } from "./table.ts";
import { Refusal, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-runtime.ts";

/** `commonwork explain award|commission|match|multiplier <id>`: exit code 1 when what is stored is not what comes out again. */
export function addExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command("explain")
    .description("work a stored figure out again from the inputs stored with it, and show the steps");
  for (const kind of EXPLAINED) {
    const one = command
      .command(kind)
      .argument("<id>", EXPLAINED_IDS[kind])
      .description(`explain ${kind === "award" ? "an" : "a"} ${kind}`);
    jsonFlag(one).action(async (id: string, { json }: { json?: true }) => {
      const found = await withDatabase(terminal, (db) => explain(db.drizzle, kind, id));
      if (!found) throw new Refusal(`There is no ${kind} ${id}. Its id is ${EXPLAINED_IDS[kind]}.`);
      if (json) printJson(terminal, found);
      else printExplanation(terminal, found);
      if (!found.agrees) terminal.exitCode = 1;
    });
  }
}

function printExplanation(terminal: Terminal, { title, steps, agrees, faults }: Explanation): void {
  printLine(terminal, `${title}\n`);
  for (const { what, how } of steps) terminal.write(formatFacts({ [what.padEnd(WIDTH)]: how }));
  printLine(terminal);
  printLine(terminal, agrees ? "What is stored is what comes out." : "What is stored is NOT what comes out:");
  for (const fault of faults) printLine(terminal, `  ${fault}`);
}

const WIDTH = 12;
