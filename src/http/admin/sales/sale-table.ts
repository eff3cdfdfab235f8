import { type Html, html } from "../../../html.ts";
import type { SaleLine } from "../../../rewards/find-sales.ts";
import { isWithoutCommission, reasonText } from "../../../rewards/sale-verdict.ts";
import { badge, codeHtml, type Tone, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const TONES: Readonly<Record<SaleLine["status"], Tone>> = {
  accepted: "busy",
  applied: "good",
  held: "warn",
  unresolved: "warn",
  reversed: "idle",
};

/** The status of a sale. One that was applied and paid nobody must not look as if it had paid. */
export const saleBadge = (sale: Pick<SaleLine, "status" | "reasons">): Html =>
  isWithoutCommission(sale) ? badge("no commission", "idle") : badge(sale.status, TONES[sale.status]);

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
      saleBadge(sale),
      timeHtml(sale.soldAt),
      sale.reasons.map(reasonText).join(" "),
    ]),
    empty,
  });
