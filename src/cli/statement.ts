import type { Command } from "commander";
import { isStatementCursor, readStatement } from "../rewards/statement.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatInstant } from "./table.ts";
import { Refusal, type Terminal } from "./terminal.ts";
import { knownUserIdOf } from "./users.ts";
import { withDatabase } from "./with-runtime.ts";

type Options = { userId: string; limit: number; before?: string; json?: true };

/** `commonwork statement`: the account of a volunteer, newest first. */
export function addStatement(program: Command, terminal: Terminal): void {
  const command = program
    .command("statement")
    .description("show what a volunteer earned, newest first, and the balance");
  mandatoryFlag(command, "--user-id <id>", "the volunteer: number or public uuid");
  command.option("--limit <number>", "how many lines", wholeNumber("--limit", 1, 10_000), 50);
  command.option("--before <cursor>", "the page after: the cursor that the page before named");
  jsonFlag(command).action(async (options: Options) => {
    const { limit, before } = options;
    if (before !== undefined && !isStatementCursor(before)) throw new Refusal(`"${before}" is no cursor.`);
    const statement = await withDatabase(terminal, async (db) =>
      readStatement(db.drizzle, await knownUserIdOf(db.drizzle, options.userId), { limit, before }),
    );
    if (options.json) return printJson(terminal, statement);
    printTable(
      terminal,
      [{ title: "When" }, { title: "What" }, { title: "Amount", align: "right" }, { title: "Explained by" }],
      statement.lines.map((line) => [
        formatInstant(line.occurredAt),
        line.kind,
        line.amount,
        explainCommand(line.explain),
      ]),
      "Nothing has moved on this account.",
    );
    printLine(terminal, `\nBalance ${statement.balance}`);
    if (statement.next) printLine(terminal, `There is more: --before ${statement.next}`);
  });
}

/** `award:12:34` is `explain award 12:34`. */
const explainCommand = (explained: string | null): string | null =>
  explained === null ? null : `explain ${explained.replace(":", " ")}`;
