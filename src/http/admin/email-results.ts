import { sql } from "drizzle-orm";
import { Router } from "express";
import { rows } from "../../db/statement.ts";
import { type ExperimentResult, experimentResult } from "../../email/experiment-results.ts";
import { EXPERIMENTS } from "../../email/render/experiments.ts";
import { type Html, html } from "../../html.ts";
import { type NoticeResults, noticeResults } from "../../project-matching/notice-results.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { SampleRatio } from "../../scoring/experiment.ts";
import { sessionOf } from "./guard.ts";
import { page } from "./page.ts";

/** `GET /email-results`: the status of last week's e-mails and the results of experiments. */
export function emailResults(runtime: Runtime): Router {
  const router = Router();
  router.get("/email-results", async (_req, res) => {
    const on = runtime.db.drizzle;
    const counts = await rows<{ status: string; reason: string | null; n: number }>(
      on,
      sql`select status, reason, count(*)::int as n from emails where created_at > ${runtime.clock.now()}::timestamptz - interval '7 days'
          group by status, reason order by n desc, status, reason limit 50`,
    );
    const results: ExperimentResult[] = [];
    for (const experiment of EXPERIMENTS) results.push(await experimentResult(on, experiment));
    const notices = await noticeResults(on, runtime.clock.now());
    const body = html`<h2>Last seven days</h2>
<div class="wide"><table><tr><th>Status</th><th>Reason</th><th class="number">E-mails</th></tr>
${counts.map(({ status, reason, n }) => html`<tr><td>${status}</td><td>${reason}</td><td class="number">${n}</td></tr>`)}
</table></div>
${results.map(resultHtml)}
${noticesHtml(notices)}`;
    res.type("html").send(page({ title: "E-mail results", session: sessionOf(res), body }));
  });
  return router;
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)}%`;

const withPercent = (part: number, whole: number): string => `${part} ${percent(part, whole)}`.trimEnd();

const numberHeading = (title: string): Html => html`<th class="number">${title}</th>`;

const numberCell = (value: string | number): Html => html`<td class="number">${value}</td>`;

function resultHtml({ name, variants, ...ratio }: ExperimentResult): Html {
  return html`<h2>Experiment: ${name}</h2>
${ratioHtml(ratio)}
<div class="wide"><table><tr><th>Variant</th>${numberHeading("Share")}${["Users", "Sent", "Delivered", "Read afterwards", "Unsubscribed"].map(numberHeading)}</tr>
${variants.map(
  (v) =>
    html`<tr><td>${v.variant}</td>${[percent(v.share, 10_000), v.users, v.sent, withPercent(v.delivered, v.sent), withPercent(v.followed, v.sent), withPercent(v.left, v.sent)].map(numberCell)}</tr>`,
)}
</table></div>`;
}

function noticesHtml({ variants, ...ratio }: NoticeResults): Html {
  return html`<h2>Experiment: match notices, last thirty days</h2>
${ratioHtml(ratio)}
<div class="wide"><table><tr><th>Variant</th>${["Users", "Notified", "Applied afterwards"].map(numberHeading)}</tr>
${variants.map(
  (v) =>
    html`<tr><td>${v.variant}</td>${[v.users, v.notices, withPercent(v.applied, v.notices)].map(numberCell)}</tr>`,
)}
</table></div>`;
}

const ratioHtml = ({ chiSquare, isMismatch }: SampleRatio): Html =>
  isMismatch
    ? html`<p class="bad" role="alert">Sample ratio mismatch (chi-square ${chiSquare.toFixed(2)}, p < 0.001): the assignment of variants is biased. Do not trust these results.</p>`
    : html`<p class="dim">No sample ratio mismatch (chi-square ${chiSquare.toFixed(2)}).</p>`;
