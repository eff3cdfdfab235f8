import { type Request, type Response, Router } from "express";
import { formatInstant } from "../../format-instant.ts";
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
import { validateBody } from "../validate.ts";
import { sessionOf } from "./guard.ts";
import { hiddenToken, page } from "./page.ts";
import { reasonBody } from "./reason.ts";
import type { Session } from "./sessions.ts";

const SHOWN = 200;
const ID = /^[1-9][0-9]{0,17}$/;
const NAME = /^[a-z][a-z/-]{0,80}$/;

/**
 * `GET /dead-letters?job=&queue=` lists dead letters without their payloads. `POST
 * /dead-letters/:id/retry|discard` acts on one, `POST /dead-letters/retry` with the field `job` or `queue` on
 * all of that job or queue, a limited number per second. Each needs the field `reason`.
 */
export function deadLetterRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/dead-letters", async (req, res) => {
    const filter = filterOf(req.query);
    const letters = await listDeadLetters(runtime.db.drizzle, filter, SHOWN);
    const body = deadLetterPage(letters, filter, sessionOf(res), resultOf(req));
    res.type("html").send(page({ title: "Dead letters", session: sessionOf(res), body }));
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

/** Who decides, and why; null after sending 422 for a decision without a reason. */
function decisionOf(req: Request, res: Response): Decision | null {
  const given = validateBody(reasonBody, req, res, "no-reason");
  return given && { actor: sessionOf(res).role, reason: given.reason };
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

function resultOf(req: Request): string | null {
  const results = Object.entries(RESULTS).flatMap(([name, text]) => {
    const count = req.query[name];
    return typeof count === "string" && /^\d{1,9}$/.test(count) ? [`${text}: ${count}.`] : [];
  });
  return results.length > 0 ? results.join(" ") : null;
}

function deadLetterPage(
  letters: readonly DeadLetter[],
  filter: DeadLetterFilter,
  session: Session,
  result: string | null,
): Html {
  const mayAct = session.role === "admin";
  const filtered = filter.job ?? filter.queue;
  return html`<p class="dim">Work that used all its attempts, was cancelled, or has an invalid payload. It stays here until an operator retries or discards it.</p>
${result === null ? null : html`<p role="status">${result}</p>`}
${filtered === undefined ? null : html`<p>Showing only ${filtered}. <a href="/admin/dead-letters">Show all</a></p>`}
${mayAct && filtered !== undefined && letters.length > 0 ? retryAll(filter, session) : null}
${letters.length === 0 ? html`<p class="card">No dead letters.</p>` : letterTable(letters, mayAct ? session : null)}
${letters.length === SHOWN ? html`<p class="dim">Only the newest ${SHOWN} are shown.</p>` : null}`;
}

function retryAll(filter: DeadLetterFilter, session: Session): Html {
  const field = filter.job === undefined ? "queue" : "job";
  return html`<form class="bulk" method="post" action="/admin/dead-letters/retry">${hiddenToken(session)}
<input type="hidden" name="${field}" value="${filter[field]}">${REASON}<button>Retry all of ${filter[field]}</button></form>`;
}

function letterTable(letters: readonly DeadLetter[], actor: Session | null): Html {
  const rows = letters.map(
    (letter) => html`<tr><td class="number">${letter.id}</td>
<td class="fixed"><a href="/admin/dead-letters?job=${encodeURIComponent(letter.job)}">${letter.job}</a><small class="dim">${letter.queue}</small></td>
<td class="long">${letter.key}</td><td class="number">${letter.attempts}</td><td class="long">${letter.error}</td><td class="fixed">${formatInstant(letter.deadAt)}</td>
${actor === null ? null : html`<td>${actionForm(letter, actor)}</td>`}</tr>`,
  );
  return html`<div class="wide"><table><thead><tr><th class="number">Id</th><th>Job</th><th>Key</th><th class="number">Attempts</th><th>Error</th><th>Died at</th>
${actor === null ? null : html`<th></th>`}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The audit log keeps it. */
const REASON = html`<input name="reason" aria-label="Reason" placeholder="Reason" required maxlength="500">`;

const actionForm = (letter: DeadLetter, session: Session): Html =>
  html`<form class="actions" method="post">${hiddenToken(session)}${REASON}<button formaction="/admin/dead-letters/${letter.id}/retry">Retry</button><button formaction="/admin/dead-letters/${letter.id}/discard">Discard</button></form>`;
