import { Command, type Option } from "commander";
import { addPayloadFlags } from "../../cli/job-flags.ts";
import type { QueueName } from "../../config/queues.ts";
import type { Job } from "../../queues/job.ts";
import type { Schedule } from "../../schedules/schedule.ts";
import type { Workflow } from "../../workers/maintenance/workflows.ts";
import { markdownTable } from "./markdown-table.ts";

const schedulesOf = (job: Job, timetable: readonly Schedule[]): Schedule[] =>
  timetable.filter((schedule) => schedule.job.name === job.name);

const patternOf = ({ pattern, tz }: Schedule): string => `\`${pattern}\` ${tz}`;

/** The jobs by queue, for docs/jobs.md. */
export const jobTable = (jobs: readonly Job[], timetable: readonly Schedule[]): string =>
  markdownTable(
    ["Job", "Queue", "Schedule", "What it does"],
    jobs.map((job) => [
      `[\`${job.name}\`](#${job.name})`,
      job.queue,
      schedulesOf(job, timetable).map(patternOf).join(", ") || "-",
      job.description,
    ]),
  );

const MISFIRES = {
  once: "runs the latest missed slot",
  skip: "skips missed slots",
} as const;

/** The timetable, for docs/jobs.md. */
export const scheduleTable = (timetable: readonly Schedule[]): string =>
  markdownTable(
    ["Schedule", "When", "Job", "Payload", "After downtime"],
    timetable.map((schedule) => [
      `\`${schedule.name}\``,
      patternOf(schedule),
      `\`${schedule.job.name}\``,
      `\`${JSON.stringify(schedule.input)}\``,
      typeof schedule.misfire === "string"
        ? MISFIRES[schedule.misfire]
        : `runs the latest ${schedule.misfire.backfill} missed slots`,
    ]),
  );

/** The workflows and their steps, for docs/jobs.md. */
export const workflowTable = (workflows: Readonly<Record<string, Workflow>>): string =>
  markdownTable(
    ["Workflow", "What it does", "Steps, in order"],
    Object.entries(workflows).map(([name, { description, steps, fullSteps = [], ofUser }]) => [
      `\`commonwork run ${name}${ofUser ? " --user-id <id>" : ""}\``,
      description,
      [...steps.map(linkTo), ...fullSteps.map((job) => `with \`--full\` ${linkTo(job)}`)].join(", "),
    ]),
  );

const linkTo = ({ name }: Job): string => `[\`${name}\`](#${name})`;

/** One section for each job, under a heading for each queue. */
export function jobSections(
  jobs: readonly Job[],
  timetable: readonly Schedule[],
  eventsFor: (job: Job) => readonly string[],
): string {
  const queues = new Map<QueueName, Job[]>();
  for (const job of jobs) queues.set(job.queue, [...(queues.get(job.queue) ?? []), job]);
  return [...queues]
    .map(([queue, all]) =>
      [
        `## Queue ${queue}`,
        ...all.map((job) => jobSection(job, schedulesOf(job, timetable), eventsFor(job))),
      ].join("\n\n"),
    )
    .join("\n\n");
}

function jobSection(job: Job, schedules: readonly Schedule[], events: readonly string[]): string {
  const facts = [
    `Form: ${formOf(job)}`,
    ...(schedules.length > 0 ? [`Schedule: ${schedules.map(patternOf).join(", ")}`] : []),
    ...(events.length > 0 ? [`Enqueued by events: ${events.map((type) => `\`${type}\``).join(", ")}`] : []),
    `Attempts: ${attemptsOf(job)}`,
    `Time limit: ${shortDuration(job.timeLimitMs)}`,
    ...(job.formerly?.length ? [`Formerly: ${job.formerly.map((name) => `\`${name}\``).join(", ")}`] : []),
  ];
  return [
    `### ${job.name}`,
    job.description,
    facts.map((fact) => `- ${fact}`).join("\n"),
    ...optionTable(job),
  ].join("\n\n");
}

const attemptsOf = ({ attempts, backOff }: Job): string =>
  attempts === 1
    ? "1"
    : `${attempts}, ${shortDuration(backOff.baseMs)} to ${shortDuration(backOff.capMs)} apart`;

function formOf(job: Job): string {
  if (job.form === "batch") return `batch of up to ${job.batch.size}, one transaction per batch`;
  if (job.form === "outside") return "a call to an outside service between two transactions";
  if (job.form === "ranged")
    return job.compute === undefined
      ? "ranged, one transaction per range"
      : "ranged, each range computed before its transaction";
  return "one transaction";
}

function optionTable(job: Job): string[] {
  const command = new Command();
  addPayloadFlags(command, job);
  if (command.options.length === 0) return [];
  const rows = command.options.map((option) => [`\`${option.flags}\``, meaningOf(option)]);
  return [markdownTable(["Option", "Meaning"], rows)];
}

const meaningOf = ({ description, argChoices }: Option): string =>
  argChoices ? `${description} (${argChoices.join(", ")})` : description;

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** 90,000 ms is "90 s", 7,200,000 ms is "2 h": the largest unit that leaves a whole number. */
export function shortDuration(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size && ms % size === 0);
  return unit ? `${ms / unit[0]} ${unit[1]}` : `${ms} ms`;
}
