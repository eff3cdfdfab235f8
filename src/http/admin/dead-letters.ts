import { type Response, Router } from "express";
import { z } from "zod";
import { type Html, html } from "../../html.ts";
import {
  type DeadLetter,
  type DeadLetterFilter,
  type Decision,
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
} from "../../queues/dead-letters.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { actionForm, decisionOf, mayAct, resultOf } from "./frame/actions.ts";
import { codeHtml, notice, timeWithAge } from "./frame/elements.ts";
import { filterForm, hrefOf, readFilters, textFilter } from "./frame/filters.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";
import { sessionOf } from "./guard.ts";
import type { Session } from "./sessions.ts";
import { ACTIONS } from "./work/act.ts";

const SHOWN = 200;
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

const filterSchema = z.object({ job: textFilter(100), queue: textFilter(100) });
const FIELDS = [
  { name: "job", label: "Job" },
  { name: "queue", label: "Queue" },
];

/**
 * `GET /dead-letters?job=&queue=` lists dead letters without their payloads. `POST
 * /dead-letters/:id/retry|discard` with the field `reason` acts on one.
 */
function deadLetterRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/dead-letters", async (req, res) => {
    const filters = readFilters(filterSchema, req);
    const { filter } = filters;
    const title = "Dead letters";
    const form = filterForm("/admin/dead-letters", FIELDS, filters);
    if (filter === null) return showPage(res.status(422), { title, body: form });
    const letters = await listDeadLetters(runtime.db.drizzle, filter, SHOWN);
    const actor = mayAct(res) ? sessionOf(res) : null;
    const result = resultOf(req, RESULTS);
    showPage(res, {
      title,
      body: html`${result === null ? null : notice(result)}<p class="dim">${MEANING}</p>${form}${bodyHtml(letters, filter, actor, runtime.clock.now())}`,
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

function bodyHtml(
  letters: readonly DeadLetter[],
  filter: DeadLetterFilter,
  actor: Session | null,
  now: Date,
): Html {
  const filtered = filter.job ?? filter.queue;
  return html`${actor !== null && filtered !== undefined && letters.length > 0 ? bulkLinks(filter) : null}
${letterTable(letters, actor, now)}
${letters.length === SHOWN ? html`<p class="dim">Only the newest ${SHOWN} are shown.</p>` : null}`;
}

/** To the page that shows how many of the chosen ones there are, and asks before it acts on them. */
const bulkLinks = (filter: DeadLetterFilter): Html =>
  html`<p class="links">With all of ${filter.job ?? filter.queue}: ${(["retry", "discard"] as const).map(
    (action) =>
      html`<a href="${hrefOf("/admin/work/bulk", { state: "dead", job: filter.job, queue: filter.queue, action })}">${ACTIONS[action].label}</a>`,
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
