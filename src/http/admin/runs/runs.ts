import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { LatestDecision } from "../../../db/audit-log.ts";
import { readRunChanges } from "../../../explain/run-changes.ts";
import { type Html, html } from "../../../html.ts";
import { entriesOfRun, type RunEntry } from "../../../queues/entries.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import { startedBy } from "../../../queues/run-origin.ts";
import { listRuns, listSteps, loadRun, RUN_STATUSES, RUN_TRIGGERS, type Run } from "../../../queues/runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { onlyPlain } from "../board/board-redaction.ts";
import { doneNotice } from "../frame/done.ts";
import { facts, regionHtml, section, timeWithAge } from "../frame/elements.ts";
import {
  choiceOf,
  type FilterField,
  filterForm,
  instantFilter,
  pager,
  readFilters,
} from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { actorText, pausedWork } from "../pauses/paused.ts";
import { stateBadge } from "../work/entry-table.ts";
import { subjectLinks } from "../work/subjects.ts";
import { runChanges } from "./run-changes.ts";
import { runDetails } from "./run-details.ts";
import { runTable } from "./run-table.ts";

/** Runs of jobs. */
export const runsPage: AdminPage = {
  path: "/runs",
  title: "Runs",
  section: "Work",
  role: "viewer",
  routes: runRoutes,
};

const PER_PAGE = 50;
const MAX_PAGE = 200;
/** At most this many entries of a run are shown; those that fail or are due come first. */
const ENTRIES_SHOWN = 50;

/** How far back the list goes. */
const WITHIN: Readonly<Record<string, number>> = {
  "15 minutes": 900,
  "1 hour": 3_600,
  "6 hours": 21_600,
  "1 day": 86_400,
  "7 days": 604_800,
};

const filterSchema = z.object({
  job: z.string().max(100).optional(),
  status: z.enum(RUN_STATUSES, "is not a status").optional(),
  trigger: z.enum(RUN_TRIGGERS, "is not a trigger").optional(),
  within: choiceOf(WITHIN, "is not a time that can be chosen").optional(),
  from: instantFilter,
  until: instantFilter,
  work: z.enum(["all"], "must be all, or absent").optional(),
  page: z.coerce.number("must be a number").int().min(1).max(MAX_PAGE).default(1),
});

/** `GET /runs` lists runs by job, status, trigger and time. `GET /runs/:id` shows one. */
function runRoutes(runtime: Runtime): Router {
  const router = Router();
  const jobNames = runtime.catalogue.jobs.map(({ name }) => name).sort();
  router.get("/runs", async (req, res) => {
    const filters = readFilters(filterSchema, req);
    const { filter, given } = filters;
    const form = filterForm("/admin/runs", fieldsFor(jobNames), filters);
    if (filter === null) return showPage(res.status(422), { title: "Runs", body: form });
    const now = runtime.clock.now();
    const seconds = filter.within === undefined ? null : WITHIN[filter.within];
    const within = seconds == null ? undefined : new Date(now.getTime() - seconds * 1_000);
    const since = filter.from ?? within;
    const offset = (filter.page - 1) * PER_PAGE;
    const found = await listRuns(
      runtime.db.drizzle,
      { ...filter, since, withWork: filter.work !== "all", offset },
      PER_PAGE + 1,
    );
    const body = html`${form}${regionHtml("runs", runTable(found.slice(0, PER_PAGE), now, "No run matches."))}
${pager("/admin/runs", given, { page: filter.page, hasMore: found.length > PER_PAGE && filter.page < MAX_PAGE })}`;
    showPage(res, { title: "Runs", body, live: following("job_runs") });
  });
  router.get("/runs/:id", async (req, res, next) => {
    if (!/^[1-9][0-9]{0,17}$/.test(req.params.id)) return next();
    const run = await loadRun(runtime.db.drizzle, req.params.id);
    if (run === undefined) return next();
    const on = runtime.db.drizzle;
    const now = runtime.clock.now();
    const [steps, entries, origin, subjects, changes, pauses] = await Promise.all([
      listSteps(on, run.id),
      entriesOfRun(on, run.id, ENTRIES_SHOWN),
      run.trigger === "manual" ? startedBy(on, run.id) : undefined,
      subjectLinks(on, run.input),
      readRunChanges(on, run, now).then((found) => runChanges(on, run, found)),
      run.finishedAt === null ? listDecidedPauses(on) : [],
    ]);
    const paused = pausedWork(pauses, run.job);
    showRun(req, res, { run, steps, entries, origin, subjects, changes, paused }, now);
  });
  return router;
}

const fieldsFor = (jobs: readonly string[]): FilterField[] => [
  { name: "job", label: "Job", choices: jobs },
  { name: "status", label: "Status", choices: RUN_STATUSES },
  { name: "trigger", label: "Trigger", choices: RUN_TRIGGERS },
  { name: "within", label: "Opened within", choices: Object.keys(WITHIN) },
  { name: "from", label: "Opened from", placeholder: "2026-03-08 02:00 UTC", isInstant: true },
  { name: "until", label: "Until", placeholder: "2026-03-08 02:15 UTC", isInstant: true },
  { name: "work", label: "Runs without work", any: "Left out", choices: [["all", "Included"]] },
];

type OneRun = {
  readonly run: Run;
  readonly steps: readonly Run[];
  readonly entries: readonly RunEntry[];
  readonly origin: LatestDecision | undefined;
  /** What its input is about. */
  readonly subjects: readonly Html[];
  /** What it changed. */
  readonly changes: Html;
  /** That its job is paused, while it is open. */
  readonly paused: Html | null;
};

function showRun(req: Request, res: Response, one: OneRun, now: Date): void {
  const { run, steps, entries, origin, subjects, changes, paused } = one;
  const isOver = run.finishedAt !== null;
  showPage(res, {
    title: `Run ${run.id} of ${run.job}`,
    above: [
      ["Runs", "/admin/runs"],
      [run.job, `/admin/jobs/${run.job}`],
    ],
    live: isOver ? false : `run=${run.id}&${following("outbox", "job_runs")}`,
    body: html`${doneNotice(req, [run.id])}${run.trigger === "manual" ? originHtml(origin) : null}${regionHtml("paused", html`${paused}`)}${regionHtml(`run-${run.id}`, runDetails(run, now))}
${regionHtml("changes", steps.length > 0 ? html`` : changes)}
${section("Input", html`${subjects.length === 0 ? null : html`<p>About ${listed(subjects)}.</p>`}<pre class="card">${JSON.stringify(onlyPlain(run.input), null, 2)}</pre>`)}
${regionHtml("parts", html`${steps.length > 0 ? section("Steps", runTable(steps, now, "")) : null}${section("Entries that are not settled", entryTable(entries, now))}`)}`,
  });
}

const listed = (parts: readonly Html[]): Html =>
  html`${parts.map((part, index) => html`${index > 0 ? "; " : ""}${part}`)}`;

/** Who started a manual run, and why. */
const originHtml = (origin: LatestDecision | undefined): Html =>
  facts(
    origin === undefined
      ? [["Started by", "not in the audit log: the command line, another action of an operator, or long ago"]]
      : [
          ["Started by", actorText(origin.actor)],
          ["Why", origin.reason],
        ],
  );

const entryTable = (entries: readonly RunEntry[], now: Date): Html =>
  table({
    caption: "Entries of the run that are not settled",
    columns: [
      { title: "Entry", kind: "number" },
      { title: "Part", kind: "fixed" },
      { title: "State", kind: "fixed" },
      { title: "Due", kind: "fixed" },
      { title: "Attempts", kind: "number" },
      { title: "Error", kind: "long" },
    ],
    rows: entries.map(({ id, job, state, runAt, attempts, error }) => [
      html`<a href="/admin/work/${id}">${id}</a>`,
      job,
      stateBadge(state),
      timeWithAge(runAt, now),
      attempts,
      error,
    ]),
    empty: "All are settled.",
  });
