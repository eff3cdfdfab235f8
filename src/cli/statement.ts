import type { Command } from "commander";
import { formatInstant } from "../format-instant.ts";
import { isStatementCursor, readStatement } from "../rewards/statement.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { requireUserId, USER_ID_FORMS } from "./references.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { userId: string; limit: number; before?: string; json?: true };

/** `commonwork statement`: the account of a volunteer, newest first. */
export function defineStatement(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--user-id <id>", `the volunteer: ${USER_ID_FORMS}`);
  command.option("--limit <number>", "how many lines", integerOption("--limit", 1, 10_000), 50);
  command.option("--before <cursor>", "the next page: the cursor printed by the previous one");
  jsonFlag(command).action(async (options: Options) => {
    const { limit, before } = options;
    if (before !== undefined && !isStatementCursor(before))
      throw new CliError(`"${before}" is not a cursor.`);
    const statement = await withDatabase(terminal, async (db) =>
      readStatement(db.drizzle, await requireUserId(db.drizzle, options.userId), { limit, before }),
    );
    if (options.json) return printJson(terminal, statement);
    printTable(
      terminal,
      [{ title: "Time" }, { title: "Kind" }, { title: "Amount", align: "right" }, { title: "Explained by" }],
      statement.lines.map((line) => [
        formatInstant(line.occurredAt),
        line.kind,
        line.amount,
        explainCommand(line.explain),
      ]),
      "There are no transactions.",
    );
    printLine(terminal, `\nBalance ${statement.balance}`);
    if (statement.next) printLine(terminal, `Next page: --before ${statement.next}`);
  });
}

/** `award:12:34` becomes `explain award 12:34`. */
const explainCommand = (explained: string | null): string | null =>
  explained === null ? null : `explain ${explained.replace(":", " ")}`;
