import { EMAILS_READ, type ExperimentResult } from "../../../email/experiment-results.ts";
import { type Html, html } from "../../../html.ts";
import type { NoticeResults } from "../../../project-matching/notice-results.ts";
import type { SampleRatio } from "../../../scoring/experiment.ts";
import { formatCount, notice, section } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)}%`;

const withPercent = (part: number, whole: number): string =>
  whole === 0 ? String(part) : `${part} (${percent(part, whole)})`;

const numbers = (title: string) => ({ title, kind: "number" }) as const;

/** The results of an experiment with e-mails, with the check of its sample ratio. */
export const experimentHtml = ({ name, variants, ...ratio }: ExperimentResult): Html =>
  section(
    `Experiment: ${name}`,
    html`${ratioHtml(ratio)}
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
})}<p class="dim">Of at most the newest ${formatCount(EMAILS_READ)} e-mails.</p>`,
  );

/** The results of the wordings of match notices. */
export const noticesHtml = ({ variants, ...ratio }: NoticeResults): Html =>
  section(
    "Experiment: match notices, last thirty days",
    html`${ratioHtml(ratio)}
${table({
  caption: "Experiment match notices",
  columns: ["Variant", ...["Users", "Notified", "Applied afterwards"].map(numbers)],
  rows: variants.map((v) => [v.variant, v.users, v.notices, withPercent(v.applied, v.notices)]),
  empty: "Nobody takes part yet.",
})}`,
  );

function ratioHtml({ chiSquare, threshold, isMismatch }: SampleRatio): Html {
  const figures = `chi-square ${chiSquare.toFixed(2)}, threshold ${threshold.toFixed(2)} at p < 0.001`;
  return isMismatch
    ? notice(
        `Sample ratio mismatch (${figures}): the assignment of variants is biased. Do not trust these results.`,
        "bad",
      )
    : html`<p class="dim">No sample ratio mismatch (${figures}).</p>`;
}
