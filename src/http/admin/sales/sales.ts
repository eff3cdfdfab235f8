import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Html, html } from "../../../html.ts";
import { isId } from "../../../ids.ts";
import { findSales } from "../../../rewards/find-sales.ts";
import { type Hold, listHolds } from "../../../rewards/holds.ts";
import { findRejectedCalls, type RejectedCall } from "../../../rewards/rejected-calls.ts";
import { readSaleReport } from "../../../rewards/sale-report.ts";
import { reasonText } from "../../../rewards/sale-verdict.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { decisionOf } from "../frame/actions.ts";
import { codeHtml, notice, regionHtml, section, timeHtml } from "../frame/elements.ts";
import { filterForm, hrefOf, idFilter, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { cursorPager } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { decideSale, isSaleDecision } from "./decide-sale.ts";
import { saleBadge, saleTable } from "./sale-table.ts";
import { saleBody } from "./show-sale.ts";

/** Sales of tokens, and those whose commissions are held. */
export const salesPage: AdminPage = {
  path: "/sales",
  title: "Sales and holds",
  section: "Areas",
  role: "viewer",
  routes: saleRoutes,
};

const PATH = "/admin/sales";
const PER_PAGE = 50;

const filterSchema = z.object({
  id: z.string().max(255, "is too long").optional(),
  after: idFilter,
});

const FIELDS = [{ name: "id", label: "Find a sale", placeholder: "our id, or the seller's" }];

/**
 * `GET /sales` finds a sale by our id or the seller's, and lists held sales. `GET /sales/:id` shows one.
 * `POST /sales/:id/release|reverse` with a `reason` opens a run that does so.
 */
function saleRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/sales", (req, res) => showSales(runtime, req, res));
  router.get("/sales/:id", async (req, res, next) => {
    const sale = isId(req.params.id) ? await readSaleReport(runtime.db.drizzle, req.params.id) : undefined;
    if (!sale) return next();
    showPage(res, {
      title: `Sale ${sale.id}`,
      above: [["Sales", PATH]],
      aside: saleBadge(sale),
      live: following("token_sales", "commissions", "audit_log"),
      body: await saleBody(runtime, req, res, sale),
    });
  });
  router.post("/sales/:id/:decision", async (req, res, next) => {
    const { id, decision } = req.params;
    if (!isId(id) || !isSaleDecision(decision)) return next();
    if (!(await readSaleReport(runtime.db.drizzle, id))) return next();
    const given = decisionOf(req, res);
    if (given === null) return;
    const run = await decideSale(runtime, decision, id, given);
    res.redirect(303, `${PATH}/${id}?${decision}=${run}`);
  });
  return router;
}

async function showSales(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const on = runtime.db.drizzle;
  const filters = readFilters(filterSchema, req);
  const { filter, given } = filters;
  const form = filterForm(PATH, FIELDS, filters, "Find");
  if (filter === null) return showPage(res.status(422), { title: "Sales and holds", body: form });
  if (filter.id !== undefined) {
    const found = await findSales(on, filter.id);
    if (found.length === 1) return res.redirect(303, `${PATH}/${found[0]?.id}`);
    const result =
      found.length === 0 ? missingHtml(await findRejectedCalls(on, filter.id)) : saleTable(found, "");
    return showPage(res, { title: "Sales and holds", body: html`${form}${result}` });
  }
  const holds = await listHolds(on, PER_PAGE, filter.after);
  const last = holds.length === PER_PAGE ? (holds.at(-1)?.saleId ?? null) : null;
  const body = html`${form}
${section("Held sales, in the order of their arrival", regionHtml("holds", holdTable(holds)))}
${cursorPager(PATH, given, { name: "after", next: last })}`;
  showPage(res, { title: "Sales and holds", live: following("token_sales"), body });
}

/** What is known about an id without a sale: a rejected call leaves none. */
const missingHtml = (calls: readonly RejectedCall[]): Html =>
  calls.length === 0
    ? notice("There is no sale with this id, and no rejected call that holds it: it never arrived.", "warn")
    : html`${notice("There is no sale with this id: the call was rejected.", "bad")}<p>Nothing of it was booked. Ask the seller to correct what is named below, and to send the sale again under the same id. What the seller lists in its own API is fetched by <a href="/admin/jobs/reconcile-sales">reconcile-sales</a> as well, and rejected there too while it is wrong.</p>${table(
        {
          caption: "Rejected calls",
          columns: [
            { title: "Received", kind: "fixed" },
            { title: "Webhook", kind: "fixed" },
            { title: "Why", kind: "long" },
          ],
          rows: calls.map(({ receivedAt, source, faults }) => [
            timeHtml(receivedAt),
            source,
            faults.map(({ field, fault }) => `${field}: ${fault}`).join("; "),
          ]),
          empty: "",
        },
      )}`;

const holdTable = (holds: readonly Hold[]): Html =>
  table({
    caption: "Held sales",
    columns: [
      { title: "Sale", kind: "number" },
      { title: "Transaction", kind: "long" },
      { title: "Buyer", kind: "number" },
      { title: "Amount", kind: "number" },
      { title: "Held", kind: "number" },
      { title: "Commissions", kind: "number" },
      { title: "Sold", kind: "fixed" },
      "Why it is held",
    ],
    rows: holds.map((hold) => [
      html`<a href="${PATH}/${hold.saleId}">${hold.saleId}</a>`,
      codeHtml(hold.transactionId),
      html`<a href="${hrefOf("/admin/people", { find: hold.buyerUserId })}">${hold.buyerUserId}</a>`,
      hold.amount,
      hold.held,
      hold.lines,
      timeHtml(hold.soldAt),
      hold.reasons.map(reasonText).join(" "),
    ]),
    empty: "No sale is held.",
  });
