import { type Html, html } from "../../../html.ts";
import type { Run, RunStatus } from "../../../queues/runs.ts";
import {
  badge,
  type Content,
  formatCount,
  formatSeconds,
  progressHtml,
  type Tone,
  textHtml,
  timeWithAge,
} from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const TONES: Readonly<Record<RunStatus, Tone>> = {
  queued: "idle",
  running: "busy",
  done: "good",
  skipped: "idle",
  failed: "bad",
  cancelled: "warn",
};

export const runStatusBadge = (status: RunStatus): Html => badge(status, TONES[status]);

/** The page of a run has them all. */
const COUNTS_LISTED = 6;

/** The first counts of a run, without zeros, or the reason why it ended. */
export function resultHtml({ error, counts }: Pick<Run, "error" | "counts">): Content {
  if (error !== null) return textHtml(error);
  const counted = Object.entries(counts).filter(([, n]) => n !== 0);
  if (counted.length === 0) return null;
  const more = counted.length - COUNTS_LISTED;
  const listed = counted
    .slice(0, COUNTS_LISTED)
    .map(([name, n], index) => html`${index > 0 ? ", " : ""}${name} <strong>${formatCount(n)}</strong>`);
  return html`${listed}${more > 0 ? html`<small>and ${more} more</small>` : null}`;
}

/** From the first attempt to the end, or until now. */
export function durationText(
  { startedAt, finishedAt }: Pick<Run, "startedAt" | "finishedAt">,
  now: Date,
): string | null {
  if (startedAt === null) return null;
  return formatSeconds(((finishedAt ?? now).getTime() - startedAt.getTime()) / 1_000);
}

/** The ranges of a ranged run that are settled; null for other runs. */
export const rangesHtml = ({ id, total, pending }: Pick<Run, "id" | "total" | "pending">): Html | null =>
  total === null || pending === null ? null : progressHtml(total - pending, total, `Progress of run ${id}`);

/** Runs, one per row. */
export const runTable = (runs: readonly Run[], now: Date, empty: string): Html =>
  table({
    caption: "Runs",
    columns: [
      { title: "Run", kind: "number" },
      { title: "Job", kind: "fixed" },
      { title: "Trigger", kind: "fixed" },
      { title: "Status", kind: "fixed" },
      { title: "Opened", kind: "fixed" },
      { title: "Duration", kind: "number" },
      { title: "Progress", kind: "fixed" },
      { title: "Result", kind: "long" },
    ],
    rows: runs.map((run) => [
      html`<a href="/admin/runs/${run.id}">${run.id}</a>`,
      html`<a href="/admin/jobs/${encodeURIComponent(run.job)}">${run.job}</a>`,
      run.schedule === null ? run.trigger : html`${run.schedule}<small>${run.trigger}</small>`,
      runStatusBadge(run.status),
      timeWithAge(run.createdAt, now),
      durationText(run, now),
      rangesHtml(run),
      resultHtml(run),
    ]),
    empty,
  });
