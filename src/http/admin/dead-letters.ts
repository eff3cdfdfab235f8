import { type Response, Router } from "express";
import { z } from "zod";
import { QUEUE_NAMES } from "../../config/queues.ts";
import { type Html, html } from "../../html.ts";
import type { Catalogue } from "../../queues/catalogue.ts";
import {
  countByError,
  type DeadLetter,
  type DeadLetterCount,
  type Decision,
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
} from "../../queues/dead-letters.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sessionOf } from "./access/guard.ts";
import type { Session } from "./access/sessions.ts";
import { actionForm, decisionOf, mayAct, resultOf } from "./frame/actions.ts";
import { codeHtml, formatCount, notice, regionHtml, section, timeWithAge } from "./frame/elements.ts";
import {
  type FilterField,
  filterForm,
  hrefOf,
  instantFilter,
  type PageQuery,
  pager,
  readFilters,
  textFilter,
} from "./frame/filters.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { following, showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";
import { ACTIONS } from "./work/act.ts";

const PER_PAGE = 100;
const MAX_PAGE = 100;
const GROUPS_SHOWN = 50;
const PATH = "/admin/dead-letters";
const ID = /^[1-9][0-9]{0,17}$/;
const MEANING =
  "Work that used all its attempts, was cancelled, or has an invalid payload. It stays here until an operator retries or discards it.";

/** Dead letters. */
export const deadLettersPage: AdminPage = {
  path: "/dead-letters",
  title: "Dead letters",
  section: "Work",
  role: "viewer",
  routes: deadLetterRoutes,
};

const filterSchema = z.object({
  job: textFilter(100),
  queue: textFilter(100),
  error: textFilter(300),
  from: instantFilter,
  until: instantFilter,
  page: z.coerce.number("must be a number").int().min(1).max(MAX_PAGE).default(1),
});
type Filter = z.infer<typeof filterSchema>;

const fieldsOf = ({ jobs }: Catalogue): FilterField[] => [
  { name: "job", label: "Job", choices: jobs.map(({ name }) => name).sort() },
  { name: "queue", label: "Queue", choices: QUEUE_NAMES },
  { name: "from", label: "Died from", placeholder: "2026-03-08 02:00 UTC", isInstant: true },
  { name: "until", label: "Until", placeholder: "2026-03-08 04:00 UTC", isInstant: true },
  { name: "error", label: "Error contains" },
];

/**
 * `GET /dead-letters?job=&queue=&from=&until=&error=` counts and lists dead letters without their payloads.
 * `POST /dead-letters/:id/retry|discard` with the field `reason` acts on one.
 */
function deadLetterRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/dead-letters", async (req, res) => {
    const filters = readFilters(filterSchema, req);
    const { filter } = filters;
    const title = "Dead letters";
    const form = filterForm(PATH, fieldsOf(runtime.catalogue), filters);
    if (filter === null) return showPage(res.status(422), { title, body: form });
    const on = runtime.db.drizzle;
    const { page, ...chosen } = filter;
    const [letters, groups] = await Promise.all([
      listDeadLetters(on, chosen, PER_PAGE + 1, (page - 1) * PER_PAGE),
      countByError(on, chosen, GROUPS_SHOWN),
    ]);
    const actor = mayAct(res) ? sessionOf(res) : null;
    const result = resultOf(req, RESULTS);
    showPage(res, {
      title,
      live: following("outbox"),
      body: html`${result === null ? null : notice(result)}<p class="dim">${MEANING}</p>${form}${regionHtml("letters", bodyHtml({ letters, groups }, filter, actor, runtime.clock.now()))}`,
    });
  });
  router.post("/dead-letters/:id/retry", async (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    const decision = decisionOf(req, res);
    if (decision !== null) await retry(runtime, res, req.params.id, decision);
  });
  router.post("/dead-letters/:id/discard", async (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    const count = await runtime.relay.transact((tx) =>
      discardDeadLetters(tx, { id: req.params.id }, decision),
    );
    res.redirect(303, `/admin/dead-letters?discarded=${count}`);
  });
  return router;
}

async function retry(runtime: Runtime, res: Response, id: string, decision: Decision): Promise<void> {
  const { catalogue } = runtime;
  const { retried, superseded } = await runtime.relay.transact((tx) =>
    retryDeadLetters(tx, { id }, { ...decision, catalogue }),
  );
  const left = superseded > 0 ? `&superseded=${superseded}` : "";
  res.redirect(303, `/admin/dead-letters?retried=${retried}${left}`);
}

const RESULTS = {
  retried: "Entries retried",
  discarded: "Entries discarded",
  superseded: "Entries of runs that a newer run has replaced, not retried",
};

type Shown = {
  /** One more than a page has, if there are more. */
  readonly letters: readonly DeadLetter[];
  readonly groups: readonly DeadLetterCount[];
};

function bodyHtml({ letters, groups }: Shown, filter: Filter, actor: Session | null, now: Date): Html {
  const { page, ...chosen } = filter;
  const isFiltered = Object.values(chosen).some((value) => value !== undefined);
  const hasMore = letters.length > PER_PAGE;
  const paged = { page, hasMore: hasMore && page < MAX_PAGE };
  return html`${groups.length === 0 ? null : section("By job and error", groupTable(groups, chosen, now))}
${section(
  "Newest first",
  html`${actor !== null && isFiltered && letters.length > 0 ? bulkLinks(chosen) : null}
${letterTable(letters.slice(0, PER_PAGE), actor, now)}
${pager(PATH, parametersOf(chosen), paged)}`,
  html`<a class="end" href="${hrefOf("/admin/work", { state: "dead", ...parametersOf(chosen) })}">To retry many at once, filter them in Work</a>`,
)}`;
}

type Chosen = Omit<Filter, "page">;

const parametersOf = ({ from, until, ...others }: Chosen): PageQuery => ({
  ...others,
  from: from?.toISOString(),
  until: until?.toISOString(),
});

/** The number of dead letters of each job and error, with a link to the search that finds them. */
const groupTable = (groups: readonly DeadLetterCount[], chosen: Chosen, now: Date): Html =>
  table({
    caption: "Dead letters by job and error",
    columns: [
      { title: "Job", kind: "fixed" },
      { title: "Error begins with", kind: "long" },
      { title: "Dead letters", kind: "number" },
      { title: "First died", kind: "fixed" },
      { title: "Last died", kind: "fixed" },
    ],
    rows: groups.map(({ job, error, count, from, until }) => [
      job,
      error,
      html`<a href="${hrefOf("/admin/work", { state: "dead", ...parametersOf(chosen), job, error: error ?? chosen.error })}">${formatCount(count)}</a>`,
      timeWithAge(from, now),
      timeWithAge(until, now),
    ]),
    empty: "",
  });

/** Links to the page that shows how many dead letters were chosen and asks for confirmation. */
const bulkLinks = (chosen: Chosen): Html =>
  html`<p class="links">With all that match: ${(["retry", "discard"] as const).map(
    (action) =>
      html`<a href="${hrefOf("/admin/work/bulk", { state: "dead", ...parametersOf(chosen), action })}">${ACTIONS[action].label}</a>`,
  )}</p>`;

const letterTable = (letters: readonly DeadLetter[], actor: Session | null, now: Date): Html =>
  table({
    caption: "Dead letters",
    columns: [
      { title: "Id", kind: "number" },
      { title: "Job", kind: "fixed" },
      { title: "Key", kind: "long" },
      { title: "Attempts", kind: "number" },
      { title: "Error", kind: "long" },
      { title: "Died at", kind: "fixed" },
      ...(actor === null ? [] : [""]),
    ],
    rows: letters.map((letter) => [
      html`<a href="/admin/work/${letter.id}">${letter.id}</a>`,
      html`<a href="${hrefOf("/admin/dead-letters", { job: letter.job })}">${letter.job}</a><small>${letter.queue}</small>`,
      codeHtml(letter.key),
      letter.attempts,
      letter.error,
      timeWithAge(letter.deadAt, now),
      actor === null ? null : letterActions(letter, actor),
    ]),
    empty: "No dead letters.",
  });

const letterActions = ({ id }: DeadLetter, session: Session): Html =>
  actionForm(
    session,
    [
      { action: `/admin/dead-letters/${id}/retry`, label: "Retry" },
      { action: `/admin/dead-letters/${id}/discard`, label: "Discard", isDanger: true },
    ],
    { needsReason: true, about: `entry ${id}` },
  );
