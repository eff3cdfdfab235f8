import { type Response, Router } from "express";
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
import { sendError } from "../error-response.ts";
import { actionForm, decisionOf, hiddenField, mayAct, resultOf } from "./frame/actions.ts";
import { codeHtml, notice, timeWithAge } from "./frame/elements.ts";
import { filterForm, hrefOf } from "./frame/filters.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";
import { sessionOf } from "./guard.ts";
import type { Session } from "./sessions.ts";

const SHOWN = 200;
const ID = /^[1-9][0-9]{0,17}$/;
const NAME = /^[a-z][a-z/-]{0,80}$/;

/** Dead letters. */
export const deadLettersPage: AdminPage = {
  path: "/dead-letters",
  title: "Dead letters",
  section: "Work",
  role: "viewer",
  routes: deadLetterRoutes,
};

/**
 * `GET /dead-letters?job=&queue=` lists dead letters without their payloads. `POST
 * /dead-letters/:id/retry|discard` acts on one, `POST /dead-letters/retry` with the field `job` or `queue` on
 * all of that job or queue, a limited number per second. Each needs the field `reason`.
 */
function deadLetterRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/dead-letters", async (req, res) => {
    const filter = filterOf(req.query);
    const letters = await listDeadLetters(runtime.db.drizzle, filter, SHOWN);
    const actor = mayAct(res) ? sessionOf(res) : null;
    const result = resultOf(req, RESULTS);
    showPage(res, {
      title: "Dead letters",
      body: html`${result === null ? null : notice(result)}${bodyHtml(letters, filter, actor, runtime.clock.now())}`,
    });
  });
  router.post("/dead-letters/retry", async (req, res) => {
    const filter = filterOf((req.body ?? {}) as Record<string, unknown>);
    if (filter.job === undefined && filter.queue === undefined) {
      return sendError(res, 422, { code: "no-filter", message: "Select a job or a queue." });
    }
    const decision = decisionOf(req, res);
    if (decision !== null) await retry(runtime, res, filter, decision);
  });
  router.post("/dead-letters/:id/retry", async (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    const decision = decisionOf(req, res);
    if (decision !== null) await retry(runtime, res, { id: req.params.id }, decision);
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

async function retry(
  runtime: Runtime,
  res: Response,
  filter: DeadLetterFilter,
  decision: Decision,
): Promise<void> {
  const { catalogue } = runtime;
  const { retried, superseded } = await runtime.relay.transact((tx) =>
    retryDeadLetters(tx, filter, { ...decision, catalogue }),
  );
  const left = superseded > 0 ? `&superseded=${superseded}` : "";
  res.redirect(303, `/admin/dead-letters?retried=${retried}${left}`);
}

function filterOf(from: Record<string, unknown>): DeadLetterFilter {
  const name = (value: unknown) => (typeof value === "string" && NAME.test(value) ? value : undefined);
  return { job: name(from.job), queue: name(from.queue) };
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
  const fields = [
    { name: "job", label: "Job" },
    { name: "queue", label: "Queue" },
  ];
  return html`<p class="dim">Work that used all its attempts, was cancelled, or has an invalid payload. It stays here until an operator retries or discards it.</p>
${filterForm("/admin/dead-letters", fields, { given: { job: filter.job, queue: filter.queue }, faults: {} })}
${actor !== null && filtered !== undefined && letters.length > 0 ? retryAll(filter, actor) : null}
${letterTable(letters, actor, now)}
${letters.length === SHOWN ? html`<p class="dim">Only the newest ${SHOWN} are shown.</p>` : null}`;
}

function retryAll(filter: DeadLetterFilter, session: Session): Html {
  const field = filter.job === undefined ? "queue" : "job";
  const name = filter[field] ?? "";
  return html`<div class="bulk">${actionForm(
    session,
    [{ action: "/admin/dead-letters/retry", label: `Retry all of ${name}` }],
    { needsReason: true, fields: hiddenField(field, name) },
  )}</div>`;
}

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
