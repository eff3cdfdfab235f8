import { type Html, html } from "../../../html.ts";
import type { SaleLine } from "../../../rewards/find-sales.ts";
import { reasonText } from "../../../rewards/sale-verdict.ts";
import { codeHtml, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

/** Sales in a table. @param empty shown when there are none. */
export const saleTable = (sales: readonly SaleLine[], empty: string): Html =>
  table({
    caption: "Sales",
    columns: [
      { title: "Sale", kind: "number" },
      { title: "Transaction", kind: "long" },
      { title: "Amount", kind: "number" },
      { title: "Status", kind: "fixed" },
      { title: "Sold", kind: "fixed" },
      "Reasons",
    ],
    rows: sales.map((sale) => [
      html`<a href="/admin/sales/${sale.id}">${sale.id}</a>`,
      codeHtml(sale.externalId),
      sale.amount,
      sale.status,
      timeHtml(sale.soldAt),
      sale.reasons.map(reasonText).join(" "),
    ]),
    empty,
  });
