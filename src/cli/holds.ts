import type { Command } from "commander";
import { isId } from "../ids.ts";
import type { Job } from "../queues/job.ts";
import { runInline } from "../queues/manual-runs.ts";
import { listHolds } from "../rewards/holds.ts";
import { releaseCommission } from "../workers/commissions/release-commission.ts";
import { reverseSale } from "../workers/commissions/reverse-sale.ts";
import { jsonFlag } from "./flags.ts";
import { endOfRun } from "./follow.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatInstant } from "./table.ts";
import { operator, Refusal, type Terminal } from "./terminal.ts";
import { executionHere, withDatabase, withRuntime } from "./with-runtime.ts";

type Options = { limit: number; after?: string; json?: true };

/** `commonwork holds list|release|reverse`: sales whose commissions wait for a person. */
export function addHolds(program: Command, terminal: Terminal): void {
  const holds = program
    .command("holds")
    .description("look at held commissions, release them or take their sale back");

  const list = holds.command("list").description("list what is held, oldest first, with the reasons");
  list.option("--limit <number>", "how many", wholeNumber("--limit", 1, 10_000), 50);
  list.option("--after <sale>", "those after this sale");
  jsonFlag(list).action((options: Options) => listAll(terminal, options));

  decision(holds, terminal, releaseCommission, "release", "pay the held commissions of a sale as they stand");
  decision(holds, terminal, reverseSale, "reverse", "take a sale back: nobody is paid");
}

async function listAll(terminal: Terminal, { limit, after, json }: Options): Promise<void> {
  if (after !== undefined) saleIdFrom(after);
  const found = await withDatabase(terminal, (db) => listHolds(db.drizzle, limit, after));
  if (json) return printJson(terminal, found);
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
    found.map((hold) => [
      hold.saleId,
      hold.buyerUserId,
      hold.amount,
      hold.held,
      hold.lines,
      formatInstant(hold.soldAt),
      formatInstant(hold.receivedAt),
      hold.reasons.join(", "),
    ]),
    "Nothing is held.",
  );
}

/** A decision is one short transaction, made here and now: the person who decides sees what became of it. */
function decision(
  holds: Command,
  terminal: Terminal,
  job: Job<{ saleId: string; actor: string }>,
  verb: string,
  description: string,
): void {
  const command = holds.command(verb).argument("<sale>", "the number of the sale").description(description);
  jsonFlag(command).action(async (sale: string, { json }: { json?: true }) => {
    const payload = { saleId: saleIdFrom(sale), actor: operator() };
    const run = await withRuntime(terminal, (runtime) =>
      runInline(executionHere(runtime), job as Job, payload, () => undefined, terminal.interruption()),
    );
    if (json) printJson(terminal, run);
    else printLine(terminal, endOfRun(run));
    if (run.status !== "done") terminal.exitCode = 1;
  });
}

function saleIdFrom(text: string): string {
  if (!isId(text)) throw new Refusal(`A sale is named by its number, not by "${text}".`);
  return text;
}
