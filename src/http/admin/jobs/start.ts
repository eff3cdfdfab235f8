import { type Request, type Response, Router } from "express";
import { audit, circumstancesOf } from "../../../db/audit.ts";
import { html } from "../../../html.ts";
import { dryRun } from "../../../queues/dry-run.ts";
import type { Job } from "../../../queues/job.ts";
import { startRun } from "../../../queues/manual-runs.ts";
import { previewText } from "../../../queues/preview-text.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sessionOf } from "../access/guard.ts";
import { needsReason } from "../access/needs-reason.ts";
import { onlyPlain } from "../board/board-redaction.ts";
import { hiddenField, reasonField, reasonIn } from "../frame/actions.ts";
import { doneHref } from "../frame/done.ts";
import { notice, section } from "../frame/elements.ts";
import { hiddenToken, showPage } from "../frame/page.ts";
import { DRY_RUN_FIELD, type DryRunOutcome, dryRunToken, readDryRunToken } from "./dry-run-token.ts";
import { type Entered, hiddenPayload, payloadInputs, readFormPayload } from "./run-form.ts";

/** A dry run is one transaction that holds a connection; longer ones are for the command line. */
export const DRY_RUN_LIMIT_MS = 20_000;

const TOO_LONG = `The dry run was ended after ${DRY_RUN_LIMIT_MS / 1_000} s: what a run would do is not known.`;
const FAILED =
  "The dry run could not be done: what a run would do is not known. The log of the API says why.";
const BUSY = "Another dry run is in progress. Try again in a moment.";
const NOT_SEEN =
  "Nothing was started: a run needs a dry run with the same input in this session, not more than an hour ago.";

const isTimeLimit = (error: unknown): boolean => error instanceof Error && error.name === "TimeoutError";

/**
 * `POST /jobs/:job/dry-run` shows what a run would do, and has the button that starts it. `POST
 * /jobs/:job/start` starts it, with the token of that dry run; after a dry run without a result with `unseen`
 * and a reason.
 */
export function startRoutes(runtime: Runtime): Router {
  const router = Router();
  let isBusy = false;
  const known = (name: string) => runtime.catalogue.jobs.find((job) => job.name === name);
  router.post("/jobs/:job/dry-run", async (req, res, next) => {
    const job = known(req.params.job);
    if (!job) return next();
    const entered = await enteredIn(runtime, job, req, res);
    if (entered === null) return;
    if (isBusy) return showForm(res.status(409), job, entered, BUSY);
    isBusy = true;
    const made = { session: sessionOf(res), job: job.name, entered };
    const token = (outcome: DryRunOutcome) => dryRunToken(made, outcome, runtime.clock.now());
    try {
      const preview = await dryRun(runtime, job, entered.payload, undefined, DRY_RUN_LIMIT_MS);
      const shown = { text: previewText(preview), wouldFail: preview.fault !== null };
      showPreview(res, job, entered, { ...shown, token: token("shown") });
    } catch (error) {
      runtime.log.warn({ err: error, job: job.name }, "a dry run from the dashboard failed");
      const fault = isTimeLimit(error) ? TOO_LONG : FAILED;
      showUnknown(res.status(422), job, entered, { fault, token: token("unknown") });
    } finally {
      isBusy = false;
    }
  });
  router.post("/jobs/:job/start", async (req, res, next) => {
    const job = known(req.params.job);
    if (!job) return next();
    const entered = await enteredIn(runtime, job, req, res);
    if (entered === null) return;
    const { [DRY_RUN_FIELD]: token, unseen } = req.body as Record<string, unknown>;
    const made = { session: sessionOf(res), job: job.name, entered };
    const outcome = readDryRunToken(token, made, runtime.clock.now());
    if (outcome === null || (outcome === "unknown" && unseen !== "yes"))
      return showForm(res.status(422), job, entered, NOT_SEEN);
    const isUnseen = outcome === "unknown";
    const decision = reasonIn(req, res, isUnseen || needsReason(job));
    if (decision === null) return;
    const run = await runtime.relay.transact(async (tx) => {
      const id = await startRun(tx, job, entered.payload);
      await audit(tx, {
        actor: decision.actor,
        action: "jobs.start",
        subject: `job_runs:${id}`,
        details: {
          job: job.name,
          input: onlyPlain(entered.payload),
          ...circumstancesOf(decision),
          ...(isUnseen ? { withoutDryRun: true } : {}),
        },
      });
      return id;
    });
    res.redirect(303, doneHref(`/admin/runs/${run}`, "run-started", run));
  });
  return router;
}

/** Null after showing the form again with its errors. */
async function enteredIn(runtime: Runtime, job: Job, req: Request, res: Response): Promise<Entered | null> {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const entered = await readFormPayload(runtime.db.drizzle, job, body, sessionOf(res).login);
  if (entered.payload !== null) return entered;
  showForm(res.status(422), job, entered, "Fix the errors and try again.");
  return null;
}

/** Shows the form again with what was entered. */
function showForm(res: Response, job: Job, entered: Entered, fault: string): void {
  showPage(res, {
    title: `Run ${job.name}`,
    above: aboveOf(job),
    body: html`${notice(fault, "bad")}${runForm(res, job, entered)}`,
  });
}

/** The form that begins with a dry run. */
export const runForm = (res: Response, job: Job, entered: Entered) =>
  html`<form class="form" method="post" action="/admin/jobs/${job.name}/dry-run">${hiddenToken(sessionOf(res))}${payloadInputs(job, entered)}
<button class="main">Dry run</button></form>`;

const aboveOf = ({ name }: Job) =>
  [
    ["Jobs", "/admin/jobs"],
    [name, `/admin/jobs/${name}`],
  ] as const;

/** After a dry run without a result: a form that repeats it, or starts the run anyway. */
function showUnknown(
  res: Response,
  job: Job,
  entered: Entered,
  { fault, token }: { readonly fault: string; readonly token: string },
): void {
  const { name } = job;
  showPage(res, {
    title: `Run ${name}`,
    above: aboveOf(job),
    body: html`${notice(fault, "bad")}
<p>On the command line a dry run has ten minutes: <code>commonwork run ${name} --dry-run</code></p>
<form class="actions" method="post">${hiddenToken(sessionOf(res))}${hiddenPayload(job, entered)}<button class="main" formaction="/admin/jobs/${name}/dry-run">Dry run again</button></form>
${section(
  "Start it without the result of a dry run",
  html`<form class="form" method="post" action="/admin/jobs/${name}/start">${hiddenToken(sessionOf(res))}${hiddenPayload(job, entered)}${hiddenField(DRY_RUN_FIELD, token)}
<label class="check"><input type="checkbox" name="unseen" value="yes" required> Start it although nobody has seen what it would do</label>
<label>Reason${reasonField()}</label>
<button>Start the run</button></form>`,
)}`,
  });
}

type Shown = { readonly text: string; readonly wouldFail: boolean; readonly token: string };

function showPreview(res: Response, job: Job, entered: Entered, { text, wouldFail, token }: Shown): void {
  const input = [...hiddenPayload(job, entered), hiddenField(DRY_RUN_FIELD, token)];
  showPage(res, {
    title: `Dry run of ${job.name}`,
    above: aboveOf(job),
    body: html`${wouldFail ? notice("It would fail.", "bad") : null}<pre class="card">${text}</pre>
<form class="actions" method="post">${hiddenToken(sessionOf(res))}${input}${needsReason(job) ? reasonField() : null}<button class="main" formaction="/admin/jobs/${job.name}/start">Start the run</button><button formaction="/admin/jobs/${job.name}/dry-run" formnovalidate>Dry run again</button></form>`,
  });
}
