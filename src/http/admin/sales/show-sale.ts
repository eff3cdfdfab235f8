import type { Request, Response } from "express";
import { listAuditLog } from "../../../db/audit-log.ts";
import { explain } from "../../../explain/index.ts";
import { type Html, html } from "../../../html.ts";
import type { EntryOfSale, RefundOfSale, SaleReport } from "../../../rewards/sale-report.ts";
import { saleVerdict } from "../../../rewards/sale-verdict.ts";
import type { StoredLine } from "../../../rewards/stored-sales.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { formatAmount } from "../../../scoring/money.ts";
import { sessionOf } from "../access/guard.ts";
import { auditTable } from "../audit/audit-table.ts";
import { explanationHtml } from "../explain/explanation-html.ts";
import { actionForm, mayAct, resultOf } from "../frame/actions.ts";
import { codeHtml, facts, notice, regionHtml, section, timeHtml, traceHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";
import { workAbout } from "../work/subjects.ts";

const RESULTS = {
  release: "The release was requested, as run",
  reverse: "The reversal was requested, as run",
};

const AUDITED = 20;

type UserLinks = Awaited<ReturnType<typeof userLinks>>;

/** Everything about a sale, beginning with why it was paid or not. */
export async function saleBody(
  runtime: Runtime,
  req: Request,
  res: Response,
  sale: SaleReport,
): Promise<Html> {
  const on = runtime.db.drizzle;
  const [explanation, audited, userOf] = await Promise.all([
    explain(on, "commission", sale.id),
    listAuditLog(on, { subject: `token_sales:${sale.id}` }, AUDITED),
    userLinks(on, [
      sale.buyerUserId,
      ...sale.lines.map(({ userId }) => userId),
      ...sale.entries.map(({ userId }) => userId),
    ]),
  ]);
  const result = resultOf(req, RESULTS);
  return html`${result === null ? null : notice(result)}
${regionHtml(
  "sale",
  html`${section("Why it was paid or not", html`<ul>${saleVerdict(sale).map((sentence) => html`<li>${sentence}</li>`)}</ul>`)}
${mayAct(res) ? actionsHtml(res, sale) : null}
${section("Sale", saleFacts(sale, userOf))}
${section("Commissions", commissionTable(sale.lines, userOf))}
${explanation === undefined ? null : section("How it was decided", explanationHtml(explanation))}
${sale.refunds.length === 0 ? null : section("Refunds", refundTable(sale.refunds))}
${section("Ledger entries", entryTable(sale.entries, userOf))}
${section("Audit log", auditTable(audited, "Nothing about this sale is in the audit log."))}`,
)}`;
}

function actionsHtml(res: Response, { id, status }: SaleReport): Html | null {
  const path = `/admin/sales/${id}`;
  const release = { action: `${path}/release`, label: "Release" };
  const reverse = { action: `${path}/reverse`, label: "Reverse", isDanger: true };
  const buttons = status === "held" ? [release, reverse] : status === "reversed" ? [] : [reverse];
  if (buttons.length === 0) return null;
  const hint =
    status === "held"
      ? "Releasing pays the commissions as they were decided. Reversing pays nobody."
      : "Reversing takes back all commissions of the sale.";
  return section(
    "Decide",
    html`<p class="dim">${hint}</p>${actionForm(sessionOf(res), buttons, { needsReason: true, about: `sale ${id}` })}`,
  );
}

const saleFacts = (sale: SaleReport, userOf: UserLinks): Html =>
  facts([
    ["Transaction id", codeHtml(sale.externalId)],
    ["Seller", codeHtml(sale.source)],
    ["Buyer", userOf(sale.buyerUserId) ?? `number ${sale.buyerNumber}, without a profile`],
    ["Amount", `${sale.amount} ${sale.currency}`],
    ["Refunded", sale.refunded],
    [
      "Sold",
      html`${timeHtml(sale.soldAt)}${sale.timeAssumed ? " (time of arrival: the seller named none)" : null}`,
    ],
    ["Received", timeHtml(sale.receivedAt)],
    ["Decided", timeHtml(sale.settledAt)],
    ["Work", workAbout("saleId", sale.id)],
    ...(sale.trace === null ? [] : ([["Trace", traceHtml(sale.trace)]] as const)),
  ]);

const commissionTable = (lines: readonly StoredLine[], userOf: UserLinks): Html =>
  table({
    caption: "Commissions of the sale",
    columns: [
      { title: "Level", kind: "number" },
      "Referrer",
      { title: "Rate", kind: "number" },
      { title: "Amount", kind: "number" },
      { title: "Taken back", kind: "number" },
      "Status",
    ],
    rows: lines.map((line) => [
      line.level,
      userOf(line.userId),
      `${line.rateBps / 100} %`,
      formatAmount(line.amountMicro),
      formatAmount(line.reversedMicro),
      line.status,
    ]),
    empty: "The sale has no commissions.",
  });

const refundTable = (refunds: readonly RefundOfSale[]): Html =>
  table({
    caption: "Refunds of the sale",
    columns: [{ title: "Refund", kind: "long" }, { title: "Amount", kind: "number" }, "Status", "Received"],
    rows: refunds.map((refund) => [
      codeHtml(refund.externalId),
      refund.amount,
      refund.status,
      timeHtml(refund.createdAt),
    ]),
    empty: "",
  });

const entryTable = (entries: readonly EntryOfSale[], userOf: UserLinks): Html =>
  table({
    caption: "Ledger entries of the sale",
    columns: [
      { title: "Transaction", kind: "number" },
      "Kind",
      "Account",
      { title: "Amount", kind: "number" },
      { title: "At", kind: "fixed" },
    ],
    rows: entries.map((entry) => [
      codeHtml(entry.transactionId),
      entry.kind,
      userOf(entry.userId) ?? entry.account,
      entry.amount,
      timeHtml(entry.occurredAt),
    ]),
    empty: "The ledger has no entries of the sale.",
  });
