import { Router } from "express";
import { type Html, html } from "../../../html.ts";
import { isId } from "../../../ids.ts";
import { ENTRY_STATES, type FoundEntries, findEntries, type WorkState } from "../../../queues/entries.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { mayAct, resultOf } from "../frame/actions.ts";
import { facts, formatCount, notice, regionHtml } from "../frame/elements.ts";
import { filterForm, hrefOf, pager, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { ACTION_NAMES, ACTIONS, mayBe, RESULTS } from "./act.ts";
import { bulkRoutes } from "./bulk.ts";
import { entryRoutes } from "./entry.ts";
import { entryTable } from "./entry-table.ts";
import { retryHref, retryRoutes } from "./retries.ts";
import {
  isFiltered,
  MAX_PAGE,
  parametersOf,
  searchOf,
  type WorkFilters,
  workFields,
  workFilters,
} from "./work-filters.ts";

/** The outbox. */
export const workPage: AdminPage = {
  path: "/work",
  title: "Work",
  section: "Work",
  role: "viewer",
  routes: workRoutes,
};

const PER_PAGE = 50;

/**
 * `GET /work` searches the outbox; `GET /work/retries/:id` shows how retried entries ended; `GET /work/:id`
 * shows an entry; `POST /work/:id/:action` acts on it; `GET /work/bulk` asks before `POST /work/bulk` acts on
 * all that match.
 */
function workRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/work", async (req, res) => {
    const filters = readFilters(workFilters, req);
    const form = filterForm("/admin/work", workFields(runtime.catalogue), filters);
    const { filter } = filters;
    if (filter === null) return showPage(res.status(422), { title: "Work", body: form });
    const now = runtime.clock.now();
    const found = await findEntries(runtime.db.drizzle, runtime.catalogue, searchOf(filter, now), {
      limit: PER_PAGE,
      offset: (filter.page - 1) * PER_PAGE,
    });
    const result = resultOf(req, RESULTS);
    showPage(res, {
      title: "Work",
      live: following("outbox"),
      body: html`${result === null ? null : notice(result)}${followHtml(req.query["retry"])}${form}
${STATES_HTML}
${regionHtml(
  "found",
  html`${summaryHtml(found, filter, mayAct(res))}
${entryTable(found.entries, now, "No entry matches: what is settled is no longer in the outbox.")}`,
)}
${pager("/admin/work", parametersOf(filter), {
  page: filter.page,
  hasMore: filter.page < MAX_PAGE && found.matching > filter.page * PER_PAGE,
})}`,
    });
  });
  router.use(bulkRoutes(runtime));
  router.use(retryRoutes(runtime));
  router.use(entryRoutes(runtime));
  return router;
}

/** After a retry: the link to the outcome of the entries. */
const followHtml = (auditId: unknown): Html | null =>
  typeof auditId === "string" && isId(auditId)
    ? html`<p class="links"><a href="${retryHref(auditId)}">What becomes of them</a></p>`
    : null;

const MEANINGS: Readonly<Record<WorkState, string>> = {
  due: "waits for a worker",
  later: "waits for its time: a delay, its next attempt, or the end of a pause",
  carried: "is with a worker, or in Redis for one",
  parked: "a range that waits for others of its run",
  held: "waits for a version of the program that has its job",
  dead: "failed for good, and waits for an operator",
};

const STATES_HTML = html`<details><summary>What the states mean</summary>${facts(ENTRY_STATES.map((state) => [state, MEANINGS[state]] as const))}</details>`;

function summaryHtml({ matching, isPartial }: FoundEntries, filter: WorkFilters, isOperator: boolean): Html {
  const count = isPartial
    ? `At least ${formatCount(matching)} entries match. Not all were read: narrow the search by job, key or state.`
    : `${formatCount(matching)} ${matching === 1 ? "entry matches" : "entries match"}.`;
  return html`<div class="bulk"><span class="dim">${count}</span>${isOperator && matching > 0 && isFiltered(filter) ? bulkLinks(filter) : null}</div>`;
}

/** The actions that the chosen state allows, each with a page that asks first. */
function bulkLinks(filter: WorkFilters): Html {
  const { state } = filter;
  const allowed = ACTION_NAMES.filter((action) => state === undefined || mayBe(action, state));
  if (allowed.length === 0) return html``;
  return html`<span class="links">With all that match: ${allowed.map(
    (action) =>
      html`<a href="${hrefOf("/admin/work/bulk", { ...parametersOf(filter), action })}">${ACTIONS[action].label}</a>`,
  )}</span>`;
}
