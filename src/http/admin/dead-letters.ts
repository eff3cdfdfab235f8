import { type Request, type Response, Router } from "express";
import { type Html, html } from "../../html.ts";
import {
  type DeadLetter,
  type DeadLetterFilter,
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
} from "../../queues/dead-letters.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { refuse } from "../error-response.ts";
import { sessionOf } from "./guard.ts";
import { hiddenToken, page } from "./page.ts";
import type { Session } from "./sessions.ts";

const SHOWN = 200;
const ID = /^[1-9][0-9]{0,17}$/;
const NAME = /^[a-z][a-z/-]{0,80}$/;

/**
 * `GET /dead-letters?job=&queue=` lists what waits for a person, without payloads. `POST /dead-letters/:id/retry|discard` acts on
 * one; `POST /dead-letters/retry` with the field `job` or `queue` on all of a kind, a limited number each second.
 */
export function deadLetterRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/dead-letters", async (req, res) => {
    const filter = filterOf(req.query);
    const letters = await listDeadLetters(runtime.db.drizzle, filter, SHOWN);
    const body = letterList(letters, filter, sessionOf(res), doneOf(req));
    res.type("html").send(page({ title: "Dead letters", session: sessionOf(res), body }));
  });
  router.post("/dead-letters/retry", async (req, res) => {
    const filter = filterOf((req.body ?? {}) as Record<string, unknown>);
    if (filter.job === undefined && filter.queue === undefined) {
      return refuse(res, 422, { code: "no-filter", message: "Name a job or a queue." });
    }
    await retry(runtime, res, filter);
  });
  router.post("/dead-letters/:id/retry", (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    return retry(runtime, res, { id: req.params.id });
  });
  router.post("/dead-letters/:id/discard", async (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    const { role: actor } = sessionOf(res);
    const count = await discardDeadLetters(runtime.db, { id: req.params.id }, { actor });
    res.redirect(303, `/admin/dead-letters?discarded=${count}`);
  });
  return router;
}

async function retry(runtime: Runtime, res: Response, filter: DeadLetterFilter): Promise<void> {
  const count = await retryDeadLetters(runtime.db, filter, { actor: sessionOf(res).role });
  runtime.relay.wake();
  res.redirect(303, `/admin/dead-letters?retried=${count}`);
}

function filterOf(from: Record<string, unknown>): DeadLetterFilter {
  const name = (value: unknown) => (typeof value === "string" && NAME.test(value) ? value : undefined);
  return { job: name(from.job), queue: name(from.queue) };
}

function doneOf(req: Request): string | null {
  for (const done of ["retried", "discarded"]) {
    const count = req.query[done];
    if (typeof count === "string" && /^\d{1,9}$/.test(count)) return `${count} ${done}.`;
  }
  return null;
}

function letterList(
  letters: readonly DeadLetter[],
  filter: DeadLetterFilter,
  session: Session,
  done: string | null,
): Html {
  const acts = session.role === "admin";
  const chosen = filter.job ?? filter.queue;
  return html`<p class="dim">Work that used up its attempts, was cancelled, or never fitted its job. It waits here for a person.</p>
${done === null ? null : html`<p role="status">${done}</p>`}
${chosen === undefined ? null : html`<p>Only ${chosen}. <a href="/admin/dead-letters">Show all</a></p>`}
${acts && chosen !== undefined && letters.length > 0 ? retryAll(filter, session) : null}
${letters.length === 0 ? html`<p class="card">Nothing is dead.</p>` : letterTable(letters, acts ? session : null)}
${letters.length === SHOWN ? html`<p class="dim">The newest ${SHOWN} are shown.</p>` : null}`;
}

function retryAll(filter: DeadLetterFilter, session: Session): Html {
  const field = filter.job === undefined ? "queue" : "job";
  return html`<form method="post" action="/admin/dead-letters/retry">${hiddenToken(session)}
<input type="hidden" name="${field}" value="${filter[field]}"><button>Retry all of ${filter[field]}</button></form>`;
}

function letterTable(letters: readonly DeadLetter[], acting: Session | null): Html {
  const rows = letters.map(
    (letter) => html`<tr><td>${letter.id}</td>
<td><a href="/admin/dead-letters?job=${encodeURIComponent(letter.job)}">${letter.job}</a><small class="dim">${letter.queue}</small></td>
<td>${letter.key}</td><td>${letter.attempts}</td><td>${letter.error}</td><td>${String(letter.deadAt)}</td>
${acting === null ? null : html`<td>${action(letter, "retry", acting)} ${action(letter, "discard", acting)}</td>`}</tr>`,
  );
  return html`<div class="wide many"><table><thead><tr><th>Id</th><th>Job</th><th>Key</th><th>Attempts</th><th>Error</th><th>Dead since</th>
${acting === null ? null : html`<th></th>`}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

const action = (letter: DeadLetter, verb: "retry" | "discard", session: Session): Html =>
  html`<form method="post" action="/admin/dead-letters/${letter.id}/${verb}">${hiddenToken(session)}<button>${verb}</button></form>`;
