import type { QueueName } from "../../../config/queues.ts";
import { type Html, html } from "../../../html.ts";
import {
  type JobActivity,
  readJobActivity,
  readWaitingWork,
  type WaitingWork,
} from "../../../queues/job-activity.ts";
import { type DecidedPause, listDecidedPauses } from "../../../queues/job-pauses.ts";
import { type JobTimes, readJobTimes } from "../../../queues/job-times.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { formatMs, formatSeconds } from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { table } from "../frame/table.ts";
import { onsetTexts } from "../jobs/times.ts";
import { pausedJob } from "../pauses/paused.ts";

/** The jobs of a queue: time used, waiting entries, failures. */
export async function queueJobs(runtime: Runtime, queue: QueueName, since: Date, now: Date): Promise<Html> {
  const { catalogue, db, relay } = runtime;
  const on = db.drizzle;
  const names = catalogue.jobs.filter((job) => job.queue === queue).map(({ name }) => name);
  const [activity, times, waiting, pauses] = await Promise.all([
    readJobActivity(on, names, since),
    readJobTimes(on, names, now),
    readWaitingWork(on, queue, relay.scanStarts().get(queue) ?? null),
    listDecidedPauses(on),
  ]);
  const jobOf = ({ name }: WaitingWork): string => catalogue.find(name)?.job.name ?? name;
  const figures = names.map((job): JobFigures => {
    const own = waiting.filter((work) => jobOf(work) === job);
    return {
      job,
      ...(activity.find((each) => each.job === job) ?? IDLE),
      times: times.find((each) => each.job === job),
      due: sum(own.map(({ due }) => due)),
      carried: sum(own.map(({ carried }) => carried)),
      oldestSeconds: own.length === 0 ? null : Math.max(...own.map(({ oldestSeconds }) => oldestSeconds)),
      pause: pauses.find((each) => each.job === job),
    };
  });
  return jobTable(figures.sort((a, b) => b.ranMs - a.ranMs || b.due - a.due || (a.job < b.job ? -1 : 1)));
}

type JobFigures = JobActivity & {
  readonly times: JobTimes | undefined;
  readonly due: number;
  readonly carried: number;
  readonly oldestSeconds: number | null;
  readonly pause: DecidedPause | undefined;
};

const IDLE = { carriers: 0, settled: 0, failed: 0, ranMs: 0, longestMs: 0 };

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const numbers = (title: string) => ({ title, kind: "number" }) as const;

function jobTable(figures: readonly JobFigures[]): Html {
  const whole = sum(figures.map(({ ranMs }) => ranMs));
  const seconds = (ms: number) => (ms === 0 ? null : formatSeconds(ms / 1_000));
  const perEntry = (ms: number | null | undefined) => (ms == null ? null : formatMs(ms));
  const work = (job: string, state: string, n: number) =>
    n === 0 ? n : html`<a href="${hrefOf("/admin/work", { job, state })}">${n.toLocaleString("en-US")}</a>`;
  return table({
    caption: "Jobs of the queue",
    columns: [
      { title: "Job", kind: "fixed" },
      ...[
        "Share of time",
        "Time",
        "Per entry, median",
        "95 of 100",
        "Longest",
        "Settled",
        "Failed",
        "Due",
        "Carried",
        "Oldest",
      ].map(numbers),
    ],
    rows: figures.map(
      ({ job, times, ranMs, longestMs, settled, failed, due, carried, oldestSeconds, pause }) => [
        html`<a href="/admin/jobs/${job}">${job}</a>${pausedJob(pause)}${times && onsetTexts(times).map((text) => html`<small class="warn why">${text}</small>`)}`,
        ranMs === 0 ? null : `${Math.round((100 * ranMs) / whole)} %`,
        seconds(ranMs),
        perEntry(times?.medianMs),
        perEntry(times?.p95Ms),
        seconds(longestMs),
        settled,
        failed,
        work(job, "due", due),
        work(job, "carried", carried),
        oldestSeconds === null ? null : formatSeconds(oldestSeconds),
      ],
    ),
    empty: "No job.",
  });
}
