import { sql } from "drizzle-orm";
import { Router } from "express";
import { rows } from "../../db/statement.ts";
import { type ExperimentResult, experimentResult } from "../../email/experiment-results.ts";
import { EXPERIMENTS } from "../../email/render/experiments.ts";
import { type Html, html } from "../../html.ts";
import { type NoticeResults, noticeResults } from "../../project-matching/notice-results.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { SampleRatio } from "../../scoring/experiment.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showPage } from "./frame/page.ts";
import { table } from "./frame/table.ts";

/** Delivery and experiments. */
export const emailResultsPage: AdminPage = {
  path: "/email-results",
  title: "E-mail results",
  section: "Areas",
  role: "viewer",
  routes: emailResults,
};

/** `GET /email-results`: the status of last week's e-mails and the results of experiments. */
function emailResults(runtime: Runtime): Router {
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
${table({
  caption: "E-mails of the last seven days by status",
  columns: ["Status", "Reason", numbers("E-mails")],
  rows: counts.map(({ status, reason, n }) => [status, reason, n]),
  empty: "No e-mails in the last seven days.",
})}
${results.map(resultHtml)}
${noticesHtml(notices)}`;
    showPage(res, { title: "E-mail results", body });
  });
  return router;
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)}%`;

const withPercent = (part: number, whole: number): string => `${part} ${percent(part, whole)}`.trimEnd();

const numbers = (title: string) => ({ title, kind: "number" }) as const;

function resultHtml({ name, variants, ...ratio }: ExperimentResult): Html {
  return html`<h2>Experiment: ${name}</h2>
${ratioHtml(ratio)}
${table({
  caption: `Experiment ${name}`,
  columns: [
    "Variant",
    ...["Share", "Users", "Sent", "Delivered", "Read afterwards", "Unsubscribed"].map(numbers),
  ],
  rows: variants.map((v) => [
    v.variant,
    percent(v.share, 10_000),
    v.users,
    v.sent,
    withPercent(v.delivered, v.sent),
    withPercent(v.followed, v.sent),
    withPercent(v.left, v.sent),
  ]),
  empty: "Nobody takes part yet.",
})}`;
}

function noticesHtml({ variants, ...ratio }: NoticeResults): Html {
  return html`<h2>Experiment: match notices, last thirty days</h2>
${ratioHtml(ratio)}
${table({
  caption: "Experiment match notices",
  columns: ["Variant", ...["Users", "Notified", "Applied afterwards"].map(numbers)],
  rows: variants.map((v) => [v.variant, v.users, v.notices, withPercent(v.applied, v.notices)]),
  empty: "Nobody takes part yet.",
})}`;
}

const ratioHtml = ({ chiSquare, isMismatch }: SampleRatio): Html =>
  isMismatch
    ? html`<p class="bad" role="alert">Sample ratio mismatch (chi-square ${chiSquare.toFixed(2)}, p < 0.001): the assignment of variants is biased. Do not trust these results.</p>`
    : html`<p class="dim">No sample ratio mismatch (chi-square ${chiSquare.toFixed(2)}).</p>`;
