import type { Command } from "commander";
import { formatInstant } from "../format-instant.ts";
import { isId } from "../ids.ts";
import type { Job } from "../queues/job.ts";
import { runInline } from "../queues/manual-runs.ts";
import { listHolds } from "../rewards/holds.ts";
import { executionOf } from "../roles/execution.ts";
import { releaseCommission } from "../workers/commissions/release-commission.ts";
import { reverseSale } from "../workers/commissions/reverse-sale.ts";
import { type DecisionOptions, decisionFlags, requireConfirmation, requireReason } from "./confirm.ts";
import { jsonFlag } from "./flags.ts";
import { runSummary } from "./follow.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { preview } from "./run-job.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";
import { withRuntime } from "./with-runtime.ts";

type HoldDecision = { saleId: string; actor: string; reason?: string | undefined };
type Options = { limit: number; after?: string; json?: true };

/** `commonwork holds list|release|reverse`: sales whose commissions wait for an operator. */
export function defineHolds(command: Command, terminal: Terminal): void {
  const list = command.command("list").description("list held sales with the reasons, oldest first");
  list.option("--limit <number>", "how many", integerOption("--limit", 1, 10_000), 50);
  list.option("--after <sale>", "only sales after this one, for paging");
  jsonFlag(list).action((options: Options) => listAll(terminal, options));

  addDecision(
    command,
    terminal,
    releaseCommission,
    "release",
    "pay the held commissions of a sale as decided",
  );
  addDecision(command, terminal, reverseSale, "reverse", "reverse a held sale: nobody is paid");
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

/** A decision is one short transaction, run inline so that the operator sees its result. */
function addDecision(
  holds: Command,
  terminal: Terminal,
  job: Job<HoldDecision>,
  verb: string,
  description: string,
): void {
  const command = holds.command(verb).argument("<sale>", "the id of the sale").description(description);
  decisionFlags(command).action(async (sale: string, options: DecisionOptions) => {
    const held = { saleId: saleId(sale), actor: operator() };
    if (options.dryRun)
      return withRuntime(terminal, { redis: false }, (runtime) =>
        preview(terminal, runtime, job, held, options),
      );
    const payload = { ...held, reason: requireReason(options) };
    await requireConfirmation(
      terminal,
      options,
      `${description[0]?.toUpperCase()}${description.slice(1)} (${sale})?`,
    );
    const run = await withRuntime(terminal, { redis: false }, (runtime) =>
      runInline(executionOf(runtime), job as Job, payload, () => undefined, terminal.interrupted()),
    );
    if (options.json) printJson(terminal, run);
    else printLine(terminal, runSummary(run));
    if (run.status !== "done") terminal.exitCode = 1;
  });
}

function saleId(text: string): string {
  if (!isId(text)) throw new CliError(`The id of a sale is a number, not "${text}".`);
  return text;
}
