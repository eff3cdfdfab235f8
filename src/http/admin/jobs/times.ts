import { type Html, html } from "../../../html.ts";
import type { WaitingWork } from "../../../queues/job-activity.ts";
import type { JobTimes } from "../../../queues/job-times.ts";
import { LATE_AFTER_MS, type QueueWaits } from "../../../queues/queue-waits.ts";
import type { Run } from "../../../queues/runs.ts";
import { formatCount, formatMs, section, type Tile, tiles, timeHtml } from "../frame/elements.ts";

const DAY_MS = 86_400_000;

/** The measured times of a job, its waits, and its latest runs. */
type KnownTimes = {
  /** Undefined if it has done nothing for days. */
  readonly times: JobTimes | undefined;
  readonly waits: QueueWaits;
  /** Its entries that wait or are with a worker, by the names on them. */
  readonly waiting: readonly WaitingWork[];
  /** Its latest runs, newest first. */
  readonly runs: readonly Run[];
};

/** How long the entries of a job take and wait, and since when it has been failing, slow or late. */
export function timesSection({ times, waits, waiting, runs }: KnownTimes, now: Date): Html {
  const noted = [
    ...failedRunsText(runs),
    ...(times === undefined ? [] : onsetTexts(times)),
    ...lateText(waiting),
  ];
  return section(
    "Time per entry, last day",
    html`${noted.map((text) => html`<p class="warn why">${text}</p>`)}${tiles([
      ...entryTiles(times),
      {
        label: "Wait for a worker",
        value: shortTime(waits.medianMs),
        note: medianOf("its queue", waits.p95Ms),
      },
      runTile(runs, now),
    ])}<p class="dim">Of the averages of each ten minutes, weighted by entries; waits, of each minute.</p>`,
  );
}

const shortTime = (ms: number | null): string => (ms === null ? "–" : formatMs(ms));

/** What the median is of. */
const medianOf = (what: string, p95Ms: number | null): string =>
  p95Ms === null ? "none in the last day" : `median of ${what}; 95 of 100 within ${formatMs(p95Ms)}`;

const entryTiles = (times: JobTimes | undefined): Tile[] => [
  {
    label: "Time per entry",
    value: shortTime(times?.medianMs ?? null),
    note: medianOf(formatCount(times?.entries ?? 0), times?.p95Ms ?? null),
  },
  {
    label: "Longest carrier",
    value: shortTime(times?.longestMs ?? null),
    note: "may hold several entries",
  },
];

/** The durations of the runs of the last day, of those that were read. */
function runTile(runs: readonly Run[], now: Date): Tile {
  const durations = runs
    .flatMap(({ startedAt, finishedAt }) =>
      startedAt === null || finishedAt === null || finishedAt.getTime() < now.getTime() - DAY_MS
        ? []
        : [finishedAt.getTime() - startedAt.getTime()],
    )
    .sort((a, b) => a - b);
  return {
    label: "Duration of a run",
    value: shortTime(quantile(durations, 0.5)),
    note: medianOf(formatCount(durations.length), quantile(durations, 0.95)),
  };
}

/** The smallest value that a share of the sorted values does not exceed; null of none. */
const quantile = (sorted: readonly number[], part: number): number | null =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;

/** Since when its attempts fail, and since when they are slow. */
export const onsetTexts = ({
  failingSince,
  failed,
  tried,
  slowSince,
  slowMs,
  usualMs,
}: Pick<JobTimes, "failingSince" | "failed" | "tried" | "slowSince" | "slowMs" | "usualMs">): Html[] => [
  ...(failingSince === null
    ? []
    : [
        html`Failing since about ${timeHtml(failingSince)}: ${formatCount(failed)} of ${formatCount(tried)} attempts.`,
      ]),
  ...(slowSince === null || slowMs === null
    ? []
    : [
        html`Slow since about ${timeHtml(slowSince)}: ${formatMs(slowMs)} per entry, usually ${formatMs(usualMs)}.`,
      ]),
];

/** Since when its oldest entry has been overdue. */
function lateText(waiting: readonly WaitingWork[]): Html[] {
  const [oldest] = [...waiting].sort((a, b) => b.oldestSeconds - a.oldestSeconds);
  if (oldest === undefined || oldest.oldestSeconds * 1_000 < LATE_AFTER_MS) return [];
  const sum = (of: "due" | "carried") => formatCount(waiting.reduce((all, work) => all + work[of], 0));
  return [
    html`Late since ${timeHtml(oldest.oldestAt)}, when the oldest of its entries that are not settled was due: ${sum("due")} wait for a worker, ${sum("carried")} are with one.`,
  ];
}

/**
 * The latest runs, as long as they failed, newest first. Entries that were enqueued by other
 * work have a run only when they fail, so those do not count.
 */
function failedInARow(runs: readonly Run[]): readonly Run[] {
  const ended = runs.filter(({ trigger, finishedAt }) => trigger !== "event" && finishedAt !== null);
  const lastGood = ended.findIndex(({ status }) => status === "done" || status === "skipped");
  return lastGood === -1 ? ended : ended.slice(0, lastGood);
}

function failedRunsText(runs: readonly Run[]): Html[] {
  const failed = failedInARow(runs);
  const since = failed.at(-1)?.finishedAt;
  if (since == null) return [];
  return [html`Its runs fail since ${timeHtml(since)}: ${formatCount(failed.length)} in a row.`];
}
