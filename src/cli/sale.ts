import type { Command } from "commander";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { resolveReference } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import { isBuyerNumber, readBuyerNumber } from "../rewards/buyers.ts";
import { readSale } from "../rewards/read-sale.ts";
import { type SaleReceipt, takeSales } from "../rewards/take-sales.ts";
import { enqueueCommissions } from "../workers/commissions/distribute-commission.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { USER_ID_FORMS } from "./references.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/**
 * The source of the webhook: a sale recorded by hand uses its keys, so that a later webhook call is a
 * duplicate.
 */
const SOURCE = "scicent";

type Options = {
  userId: string;
  amount: string;
  transactionId: string;
  currency?: string;
  timestamp?: string;
  json?: true;
};

const MESSAGES: Record<SaleReceipt["status"], string> = {
  accepted: "Accepted: commissions are being calculated.",
  duplicate: "Duplicate: this sale was already recorded; nothing changed.",
  conflict: "Conflict: this transaction id was already recorded with different values; nothing changed.",
};

/** `commonwork sale`: records a sale by hand, through the same intake as the webhook. */
export function defineSale(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--user-id <id>", `the buyer: ${USER_ID_FORMS}`);
  mandatoryFlag(command, "--amount <tokens>", "the number of tokens, with up to 6 decimals");
  mandatoryFlag(command, "--transaction-id <id>", "the seller's id of the sale; recorded once");
  command.option("--currency <code>", "only SCICENT, the default");
  command.option("--timestamp <instant>", "when it was sold, ISO 8601 with offset (default: now)");
  jsonFlag(command).action(async (options: Options) => {
    const receipt = await withDatabase(terminal, (db) => recordSale(db, options));
    if (options.json) printJson(terminal, receipt);
    else
      printLine(terminal, `${MESSAGES[receipt.status]} (sale ${receipt.saleId}, receipt ${receipt.receipt})`);
    if (receipt.status === "conflict") terminal.exitCode = 1;
  });
}

async function recordSale(db: Database, options: Options): Promise<SaleReceipt> {
  const raw = bodyOf({ ...options, userId: await buyerNumber(db.drizzle, options.userId) });
  const receivedAt = new Date();
  const read = readSale(raw, receivedAt);
  if (read.kind === "faults") {
    const faults = read.faults.map(({ field, fault }) => `  --${field.replaceAll("_", "-")} ${fault}`);
    throw new CliError(`Invalid sale:\n${faults.join("\n")}`);
  }
  if (!isBuyerNumber(read.sale.buyerUserId)) throw new CliError(`There is no user ${options.userId}.`);
  const sale = { ...read.sale, source: SOURCE, raw, signature: null, secretId: null, receivedAt };
  return inTransaction(db, async (tx) => {
    const [receipt] = await takeSales(tx, [sale], enqueueCommissions);
    if (!receipt) throw new Error("The intake returned no receipt.");
    const subject = `token_sales:${receipt.saleId}`;
    await audit(tx, { actor: operator(), action: "sale.take", subject, details: { status: receipt.status } });
    return receipt;
  });
}

/**
 * The id of the buyer. A number that no user has is recorded as it is, since the user may follow.
 * @throws CliError
 */
async function buyerNumber(on: Queryable, given: string): Promise<string> {
  const userId = await resolveReference(on, "users", given);
  if (userId === null) return given;
  const number = await readBuyerNumber(on, userId);
  if (number === null)
    throw new CliError(
      `User ${given} cannot be the buyer: another user has this number as its id of the host.`,
    );
  return number;
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The body the webhook would receive. The amount is copied as typed: it must not pass through a float. */
function bodyOf(options: Options): Buffer {
  const number = (text: string) => (JSON_NUMBER.test(text) ? text : JSON.stringify(text));
  const fields = [
    `"user_id":${number(options.userId)}`,
    `"amount":${number(options.amount)}`,
    `"transaction_id":${JSON.stringify(options.transactionId)}`,
    ...(options.currency === undefined ? [] : [`"currency":${JSON.stringify(options.currency)}`]),
    ...(options.timestamp === undefined ? [] : [`"timestamp":${JSON.stringify(options.timestamp)}`]),
  ];
  return Buffer.from(`{${fields.join(",")}}`);
}
