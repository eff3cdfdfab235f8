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

/** `GET /email-results`: how e-mails of the last week ended, and what experiments have brought. */
export function emailResults(runtime: Runtime): Router {
  const router = Router();
  router.get("/email-results", async (_req, res) => {
    const on = runtime.db.drizzle;
    const ended = await rows<{ status: string; reason: string | null; n: number }>(
      on,
      sql`select status, reason, count(*)::int as n from emails where created_at > ${runtime.clock.now()}::timestamptz - interval '7 days'
          group by status, reason order by n desc, status, reason limit 50`,
    );
    const results: ExperimentResult[] = [];
    for (const experiment of EXPERIMENTS) results.push(await experimentResult(on, experiment));
    const notices = await noticeResults(on, runtime.clock.now());
    const body = html`<h2>The last seven days</h2>
<div class="wide"><table><tr><th>Status</th><th>Reason</th><th>E-mails</th></tr>
${ended.map(({ status, reason, n }) => html`<tr><td>${status}</td><td>${reason}</td><td>${n}</td></tr>`)}
</table></div>
${results.map(resultHtml)}
${noticesHtml(notices)}`;
    res.type("html").send(page({ title: "Results of e-mail", session: sessionOf(res), body }));
  });
  return router;
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)}%`;

function resultHtml({ name, variants, ...ratio }: ExperimentResult): Html {
  return html`<h2>Experiment: ${name}</h2>
${ratioHtml(ratio)}
<div class="wide"><table><tr><th>Variant</th><th>Share</th><th>Users</th><th>Sent</th><th>Delivered</th><th>Read afterwards</th><th>Unsubscribed</th></tr>
${variants.map(
  (v) =>
    html`<tr><td>${v.variant}</td><td>${percent(v.share, 10_000)}</td><td>${v.users}</td><td>${v.sent}</td><td>${v.delivered} ${percent(v.delivered, v.sent)}</td><td>${v.followed} ${percent(v.followed, v.sent)}</td><td>${v.left} ${percent(v.left, v.sent)}</td></tr>`,
)}
</table></div>`;
}

function noticesHtml({ variants, ...ratio }: NoticeResults): Html {
  return html`<h2>Experiment: notices of matches, thirty days</h2>
${ratioHtml(ratio)}
<div class="wide"><table><tr><th>Variant</th><th>Users</th><th>Told</th><th>Applied afterwards</th></tr>
${variants.map(
  (v) =>
    html`<tr><td>${v.variant}</td><td>${v.users}</td><td>${v.told}</td><td>${v.applied} ${percent(v.applied, v.told)}</td></tr>`,
)}
</table></div>`;
}

const ratioHtml = ({ chiSquare, isMismatch }: SampleRatio): Html =>
  isMismatch
    ? html`<p class="bad" role="alert">Sample-ratio mismatch: chance splits users so less than once in a thousand (chi-square ${chiSquare.toFixed(2)}). Do not trust these results.</p>`
    : html`<p class="dim">The users are split as they should be (chi-square ${chiSquare.toFixed(2)}).</p>`;
