import { type Request, type Response, Router } from "express";
import { type AuditEntry, listAuditLog } from "../../../db/audit-log.ts";
import { type Html, html } from "../../../html.ts";
import {
  type EntryDetails,
  entriesCausedBy,
  entriesOfTrace,
  type LedTo,
  type ListedEntry,
  loadEntry,
} from "../../../queues/entries.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { traceIdOf } from "../../../tracing/trace-context.ts";
import { sessionOf } from "../access/guard.ts";
import { needsReason } from "../access/needs-reason.ts";
import { auditTable } from "../audit/audit-table.ts";
import { onlyPlain } from "../board/board-redaction.ts";
import { actionForm, mayAct, reasonIn, resultOf } from "../frame/actions.ts";
import {
  codeHtml,
  facts,
  notice,
  regionHtml,
  section,
  textHtml,
  timeWithAge,
  traceHtml,
} from "../frame/elements.ts";
import { following, showPage } from "../frame/page.ts";
import { pausedWork } from "../pauses/paused.ts";
import { ACTION_NAMES, ACTIONS, actOn, isAction, mayBe, RESULTS } from "./act.ts";
import { postponeField, secondsIn } from "./bulk.ts";
import { entryTable, stateBadge } from "./entry-table.ts";
import { type LedToView, ledToHtml, originHtml } from "./origin.ts";
import { subjectLinks } from "./subjects.ts";

/** Entries of the same trace. */
const RELATED_SHOWN = 50;
const AUDITED = 20;
const ID = /^[1-9][0-9]{0,17}$/;

/** `GET /work/:id` shows an entry; `POST /work/:id/retry|run-now|postpone|discard` acts on it. */
export function entryRoutes(runtime: Runtime): Router {
  const router = Router();
  const { catalogue } = runtime;
  router.get("/work/:id", async (req, res, next) => {
    if (!ID.test(req.params.id)) return next();
    const entry = await loadEntry(runtime.db.drizzle, req.params.id);
    const on = runtime.db.drizzle;
    const ledTo = await entriesCausedBy(on, req.params.id, RELATED_SHOWN);
    const audited = await listAuditLog(on, { subject: `outbox:${req.params.id}` }, AUDITED);
    if (entry === undefined) return showSettled(req, res, { ledTo, audited }, runtime.clock.now());
    const traceId = traceIdOf(entry.trace);
    const [subjects, origin, related, pauses] = await Promise.all([
      subjectLinks(on, entry.payload),
      originHtml(on, catalogue, entry),
      traceId === null ? [] : entriesOfTrace(on, traceId, RELATED_SHOWN),
      entry.state === "dead" ? [] : listDecidedPauses(on),
    ]);
    const paused = pausedWork(pauses, catalogue.find(entry.job)?.job.name);
    showEntry(runtime, req, res, { entry, subjects, origin, ledTo, related, audited, paused });
  });
  router.post("/work/:id/:action", async (req, res, next) => {
    const { id, action } = req.params;
    if (!ID.test(id) || !isAction(action)) return next();
    const entry = await loadEntry(runtime.db.drizzle, id);
    if (entry === undefined) return next();
    const decision = reasonIn(req, res, mustSayWhy(runtime, entry));
    if (decision === null) return;
    const done = await runtime.relay.transact((tx) =>
      actOn(tx, catalogue, { decided: decision, action, ids: [id], seconds: secondsIn(req) }),
    );
    res.redirect(303, `/admin/work/${id}?${new URLSearchParams(asText(done.counts))}`);
  });
  return router;
}

const asText = (done: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(done).map(([name, n]) => [name, String(n)]));

/** A decision about a dead letter always has a reason. */
function mustSayWhy({ catalogue }: Runtime, { job, state }: EntryDetails): boolean {
  const known = catalogue.find(job)?.job;
  return state === "dead" || known === undefined || needsReason(known);
}

function showSettled(
  req: Request,
  res: Response,
  { ledTo, audited }: Pick<Shown, "ledTo" | "audited">,
  now: Date,
): void {
  showPage(res.status(404), {
    title: `Entry ${req.params["id"]}`,
    above: [["Work", "/admin/work"]],
    live: following("outbox"),
    body: html`${resultHtml(req)}${regionHtml(
      "entry",
      html`<p class="empty">The outbox has no such entry: it was settled or discarded, or never existed.</p>
${ledToHtml({ ledTo, about: [], empty: "Nothing that is not settled as well." }, now)}
${auditHtml(audited)}`,
    )}`,
  });
}

/** What operators did with an entry alone; of actions on many, the audit log has one row for all. */
const auditHtml = (audited: readonly AuditEntry[]): Html | null =>
  audited.length === 0 ? null : section("What operators did with it", auditTable(audited, ""));

/** What the action before this page has done. */
function resultHtml(req: Request): Html | null {
  const result = resultOf(req, RESULTS);
  return result === null ? null : notice(result);
}

type Shown = {
  readonly entry: EntryDetails;
  /** Its subjects: links, or names. */
  readonly subjects: readonly Html[];
  readonly origin: Html;
  readonly ledTo: LedTo;
  /** The unsettled entries of its trace, including itself. */
  readonly related: readonly ListedEntry[];
  readonly audited: readonly AuditEntry[];
  /** That its job is paused. */
  readonly paused: Html | null;
};

function showEntry(runtime: Runtime, req: Request, res: Response, shown: Shown): void {
  const { entry, subjects, origin, related, audited, paused } = shown;
  const now = runtime.clock.now();
  const job = runtime.catalogue.find(entry.job)?.job;
  showPage(res, {
    title: `Entry ${entry.id}`,
    above: [["Work", "/admin/work"]],
    aside: stateBadge(entry.state),
    live: following("outbox"),
    body: html`${resultHtml(req)}
${regionHtml(
  "entry",
  html`${paused}${facts([
    [
      "Job",
      job === undefined ? codeHtml(entry.job) : html`<a href="/admin/jobs/${job.name}">${entry.job}</a>`,
    ],
    ["Queue", html`<a href="/admin/queue/${encodeURIComponent(entry.queue)}">${entry.queue}</a>`],
    ["Key", codeHtml(entry.key)],
    ...(subjects.length === 0
      ? []
      : ([
          ["About", html`${subjects.map((link, index) => html`${index > 0 ? "; " : ""}${link}`)}`],
        ] as const)),
    ["Asked for by", origin],
    ["Enqueued", timeWithAge(entry.createdAt, now)],
    ["Enqueued how often", entry.asks],
    [entry.deadAt === null ? "Due" : "Died", timeWithAge(entry.deadAt ?? entry.runAt, now)],
    ["Slot", timeWithAge(entry.slot, now)],
    ["Attempts", html`${entry.attempts} of ${job?.attempts ?? "?"}`],
    ["Error", entry.error === null ? null : textHtml(entry.error)],
    [
      "Carrier",
      entry.carrier === null
        ? null
        : html`${codeHtml(entry.carrier)} since ${timeWithAge(entry.enqueuedAt, now)}`,
    ],
    ["Outside call until", timeWithAge(entry.leasedUntil, now)],
    ["Waits for another version since", timeWithAge(entry.postponedAt, now)],
    ...(entry.trace === null ? [] : ([["Trace", traceHtml(entry.trace)]] as const)),
  ])}
${mayAct(res) ? actionsHtml(runtime, res, entry) : null}
${ledToHtml(ledToOf(shown), now)}
${auditHtml(audited)}
${related.length < 2 ? null : section("Other work of its trace", relatedHtml(related, entry.id, now))}`,
)}
${section("Payload", jsonHtml(entry.payload))}
${entry.request === null ? null : section("Stored request of the outside call", jsonHtml(entry.request))}`,
  });
}

const ledToOf = ({ entry: { run }, ledTo, subjects }: Shown): LedToView => ({
  ledTo,
  about: [...(run === null ? [] : [html`<a href="/admin/runs/${run}">Run ${run}</a>`]), ...subjects],
  empty: "Nothing yet: what it leads to is enqueued when it is settled.",
});

/** Lower ids were enqueued before it, higher ones by it or beside it. */
const relatedHtml = (related: readonly ListedEntry[], id: string, now: Date): Html =>
  html`<p class="dim">What the same call or event has caused and is not settled.</p>${entryTable(
    related.filter((other) => other.id !== id),
    now,
    "",
  )}`;

/** As Bull Board shows it: ids, names and numbers. Anything that could be text of a person is left out. */
const jsonHtml = (value: unknown): Html =>
  html`<pre class="card">${JSON.stringify(onlyPlain(value), null, 2)}</pre>`;

function actionsHtml(runtime: Runtime, res: Response, entry: EntryDetails): Html | null {
  const allowed = ACTION_NAMES.filter((action) => mayBe(action, entry.state));
  if (allowed.length === 0) return null;
  return html`<div class="bulk">${actionForm(
    sessionOf(res),
    allowed.map((action) => ({
      action: `/admin/work/${entry.id}/${action}`,
      label: ACTIONS[action].label,
      isDanger: action === "discard",
    })),
    {
      needsReason: mustSayWhy(runtime, entry),
      fields: allowed.includes("postpone") ? postponeField() : null,
    },
  )}</div>`;
}
