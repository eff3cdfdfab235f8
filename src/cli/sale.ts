import type { Command } from "commander";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { readSale } from "../rewards/read-sale.ts";
import { type SaleReceipt, takeSales } from "../rewards/take-sales.ts";
import { enqueueCommissions } from "../workers/commissions/distribute-commission.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { operator, Refusal, type Terminal } from "./terminal.ts";
import { userIdOf } from "./users.ts";
import { withDatabase } from "./with-runtime.ts";

/** The seller whose webhook brings sales: a sale by hand shares its keys, so that the webhook's own delivery is the same again. */
const SOURCE = "scicent";

type Options = {
  userId: string;
  amount: string;
  transactionId: string;
  currency?: string;
  timestamp?: string;
  json?: true;
};

const SENTENCES: Record<SaleReceipt["status"], string> = {
  accepted: "Accepted: its commissions are being worked out.",
  duplicate: "The same sale was taken before; nothing changed.",
  conflict: "This transaction id was taken before with other values; nothing changed.",
};

/** `commonwork sale`: takes a sale by hand, through the same intake as the webhook. */
export function addSale(program: Command, terminal: Terminal): void {
  const command = program
    .command("sale")
    .description("take a token sale by hand, through the same intake as the webhook");
  mandatoryFlag(command, "--user-id <id>", "the buyer: number or public uuid");
  mandatoryFlag(command, "--amount <tokens>", "how many tokens, with up to 6 decimals");
  mandatoryFlag(command, "--transaction-id <id>", "the seller's id of the sale; taken once, for ever");
  command.option("--currency <code>", "SCICENT, which is also the default");
  command.option("--timestamp <instant>", "when it was sold, as ISO 8601 with offset; default: now");
  jsonFlag(command).action(async (options: Options) => {
    const receipt = await withDatabase(terminal, (db) => takeByHand(db, options));
    if (options.json) printJson(terminal, receipt);
    else
      printLine(
        terminal,
        `${SENTENCES[receipt.status]} (sale ${receipt.saleId}, receipt ${receipt.receipt})`,
      );
    if (receipt.status === "conflict") terminal.exitCode = 1;
  });
}

async function takeByHand(db: Database, options: Options): Promise<SaleReceipt> {
  const raw = bodyOf({ ...options, userId: await userIdOf(db.drizzle, options.userId) });
  const receivedAt = new Date();
  const read = readSale(raw, receivedAt);
  if (read.kind === "faults") {
    const faults = read.faults.map(({ field, fault }) => `  --${field.replaceAll("_", "-")} ${fault}`);
    throw new Refusal(`This is not a sale:\n${faults.join("\n")}`);
  }
  const sale = { ...read.sale, source: SOURCE, raw, signature: null, secretId: null, receivedAt };
  return inTransaction(db, async (tx) => {
    const [receipt] = await takeSales(tx, [sale], enqueueCommissions);
    if (!receipt) throw new Error("The intake gave no receipt.");
    const subject = `token_sales:${receipt.saleId}`;
    await audit(tx, { actor: operator(), action: "sale.take", subject, details: { status: receipt.status } });
    return receipt;
  });
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The body that the webhook would have brought. The amount is written as it was typed: it must not pass through a float. */
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
