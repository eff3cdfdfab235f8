import type { Command } from "commander";
import { formatInstant } from "../format-instant.ts";
import { isId } from "../ids.ts";
import { listHolds } from "../rewards/holds.ts";
import { type DecisionOptions, decisionFlags } from "./confirm.ts";
import type { HoldDecision } from "./decide-hold.ts";
import { jsonFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printTable } from "./print.ts";
import { CliError, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { limit: number; after?: string; json?: true };

/** `commonwork holds list|release|reverse`: sales whose commissions wait for an operator. */
export function defineHolds(command: Command, terminal: Terminal): void {
  const list = command.command("list").description("list held sales with the reasons, oldest first");
  list.option("--limit <number>", "how many", integerOption("--limit", 1, 10_000), 50);
  list.option("--after <sale>", "only sales after this one, for paging");
  jsonFlag(list).action((options: Options) => listAll(terminal, options));

  addDecision(command, terminal, "release", "pay the held commissions of a sale as decided");
  addDecision(command, terminal, "reverse", "reverse a held sale: nobody is paid");
}

async function listAll(terminal: Terminal, { limit, after, json }: Options): Promise<void> {
  if (after !== undefined) saleId(after);
  const holds = await withDatabase(terminal, (db) => listHolds(db.drizzle, limit, after));
  if (json) return printJson(terminal, holds);
  printTable(
    terminal,
    [
      { title: "Sale", align: "right" },
      { title: "Buyer", align: "right" },
      { title: "Amount", align: "right" },
      { title: "Held", align: "right" },
      { title: "Lines", align: "right" },
      { title: "Sold" },
      { title: "Received" },
      { title: "Reasons" },
    ],
    holds.map((hold) => [
      hold.saleId,
      hold.buyerUserId,
      hold.amount,
      hold.held,
      hold.lines,
      formatInstant(hold.soldAt),
      formatInstant(hold.receivedAt),
      hold.reasons.join(", "),
    ]),
    "No sales are held.",
  );
}

function addDecision(holds: Command, terminal: Terminal, decision: HoldDecision, description: string): void {
  const command = holds.command(decision).argument("<sale>", "the id of the sale").description(description);
  const sentence = `${description[0]?.toUpperCase()}${description.slice(1)}`;
  decisionFlags(command).action(async (sale: string, options: DecisionOptions) => {
    const { decideHold } = await import("./decide-hold.ts");
    await decideHold(terminal, decision, saleId(sale), `${sentence} (${sale})?`, options);
  });
}

function saleId(text: string): string {
  if (!isId(text)) throw new CliError(`The id of a sale is a number, not "${text}".`);
  return text;
}
