import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { isId } from "../../../ids.ts";
import { listRuns, type Run } from "../../../queues/runs.ts";
import {
  listAwards,
  listPaidPeriods,
  type PaidPeriod,
  readPaidPeriod,
} from "../../../rewards/budget-overview.ts";
import { multiplierStates } from "../../../rewards/multiplier-overview.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { recalculateMultipliers } from "../../../workers/multipliers/recalculate-multipliers.ts";
import { explainHref } from "../explain/explain.ts";
import { badge, facts, regionHtml, section, textHtml, timeHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, idFilter, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { cursorPager } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

/** Budgets and multipliers by period. */
export const budgetsPage: AdminPage = {
  path: "/budgets",
  title: "Budgets and multipliers",
  section: "Areas",
  role: "viewer",
  routes: budgetRoutes,
};

const PATH = "/admin/budgets";
const PER_PAGE = 50;
const AWARDS = 200;
const RUNS = 14;
const ORGANIZATIONS = 50;

const filterSchema = z.object({
  type: z.enum(["daily", "weekly", "monthly"], "is not a type of period").optional(),
  before: idFilter,
});

const FIELDS: readonly FilterField[] = [
  { name: "type", label: "Period", choices: ["daily", "weekly", "monthly"] },
];

/** `GET /budgets` lists paid periods and runs of the multipliers; `GET /budgets/:id` shows one period. */
function budgetRoutes(runtime: Runtime): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/budgets", (req, res) => showPeriods(on, req, res));
  router.get("/budgets/:id", async (req, res, next) => {
    const period = isId(req.params.id) ? await readPaidPeriod(on, req.params.id) : undefined;
    if (!period) return next();
    showPage(res, {
      title: `${period.periodType} budget from ${period.periodStart}`,
      above: [["Budgets", PATH]],
      live: following("budget_periods", "budget_awards", "organizations"),
      body: regionHtml("period", await periodBody(on, period)),
    });
  });
  return router;
}

async function showPeriods(on: Queryable, req: Request, res: Response): Promise<void> {
  const filters = readFilters(filterSchema, req);
  const { filter, given } = filters;
  const form = filterForm(PATH, FIELDS, filters);
  const title = "Budgets and multipliers";
  if (filter === null) return showPage(res.status(422), { title, body: form });
  const [periods, runs] = await Promise.all([
    listPaidPeriods(on, { ...filter, limit: PER_PAGE }),
    listRuns(on, { job: recalculateMultipliers.name }, RUNS),
  ]);
  const next = periods.length === PER_PAGE ? (periods.at(-1)?.id ?? null) : null;
  const body = html`${section("Budgets by period, paid last first", html`${form}${regionHtml("periods", periodTable(periods))}${cursorPager(PATH, given, { name: "before", next })}`)}
${regionHtml("runs", section("Multipliers by period", html`<p class="dim">Moved: of those that were calculated, the multipliers that changed by 0.01 or more.</p>${multiplierRuns(runs)}`))}
${section("Multipliers by organization", await organizationTable(on))}`;
  showPage(res, { title, live: following("budget_periods", "job_runs"), body });
}

const periodTable = (periods: readonly PaidPeriod[]): Html =>
  table({
    caption: "Budget periods",
    columns: [
      { title: "Period", kind: "fixed" },
      "Organization",
      { title: "Granted", kind: "number" },
      { title: "Carried", kind: "number" },
      { title: "Paid", kind: "number" },
      { title: "Left over", kind: "number" },
      { title: "Eligible", kind: "number" },
      { title: "Paid at", kind: "fixed" },
    ],
    rows: periods.map((period) => [
      html`<a href="${PATH}/${period.id}">${period.periodType} ${period.periodStart}</a>`,
      period.organization,
      period.granted,
      period.carried,
      period.paid,
      period.leftover,
      period.eligible,
      timeHtml(period.paidAt),
    ]),
    empty: "No budget was paid.",
  });

const multiplierRuns = (runs: readonly Run[]): Html =>
  table({
    caption: "Runs of the multipliers",
    columns: [
      { title: "As of", kind: "fixed" },
      { title: "Run", kind: "number" },
      "Status",
      { title: "Calculated", kind: "number" },
      { title: "Moved", kind: "number" },
    ],
    rows: runs.map(({ id, slot, createdAt, status, counts }) => [
      timeHtml(slot ?? createdAt),
      html`<a href="/admin/runs/${id}">${id}</a>`,
      status,
      counts["calculated"],
      counts["moved"],
    ]),
    empty: "Multipliers were never calculated. Run recalculate-multipliers.",
  });

async function organizationTable(on: Queryable): Promise<Html> {
  const states = await multiplierStates(on, ORGANIZATIONS);
  return table({
    caption: "Until when multipliers are calculated",
    columns: [
      "Organization",
      { title: "Calculated until", kind: "fixed" },
      { title: "Maximum", kind: "number" },
    ],
    rows: states.map(({ organization, through, maxHundredths }) => [
      organization,
      timeHtml(through),
      (maxHundredths / 100).toFixed(2),
    ]),
    empty: "Multipliers of no organization are calculated yet.",
  });
}

async function periodBody(on: Queryable, period: PaidPeriod): Promise<Html> {
  const awards = await listAwards(on, period.id, AWARDS);
  const userOf = await userLinks(
    on,
    awards.map(({ userId }) => userId),
  );
  const rows = awards.map((award) => [
    award.rank,
    userOf(award.userId),
    html`<a href="${explainHref("award", `${period.id}:${award.profile}`)}">${textHtml(award.profile)}</a>`,
    award.amount,
    award.reason,
  ]);
  return html`${facts([
    ["Organization", period.organization],
    ["Granted", period.granted],
    ["Carried from the period before", period.carried],
    ["Paid", period.paid],
    [
      "Left over",
      `${period.leftover}, to ${period.leftoverTo === "carry" ? "the next period" : "the treasury"}`,
    ],
    ["Eligible", period.eligible],
    ["Paid at", html`${timeHtml(period.paidAt)} ${period.outOfTurn ? badge("out of turn", "warn") : null}`],
  ])}
<p><a href="${explainHref("award", period.id)}">Recompute this period</a></p>
${section(
  "Awards",
  html`${table({
    caption: "Awards of the period",
    columns: [
      { title: "Rank", kind: "number" },
      "User",
      "Profile",
      { title: "Award", kind: "number" },
      "Why nothing",
    ],
    rows,
    empty: "Nobody was eligible.",
  })}${awards.length === AWARDS ? html`<p class="dim">Only the first ${AWARDS} are shown.</p>` : null}`,
)}`;
}
