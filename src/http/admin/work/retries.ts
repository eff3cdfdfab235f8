import { Router } from "express";
import { type Html, html } from "../../../html.ts";
import { isId } from "../../../ids.ts";
import { type RetryOutcome, readRetry } from "../../../queues/retry-outcome.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import {
  badge,
  facts,
  formatCount,
  regionHtml,
  section,
  type Tone,
  tiles,
  timeWithAge,
} from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { actorText } from "../pauses/paused.ts";

/** The page that shows how retried entries ended. @param auditId their entry of the audit log. */
export const retryHref = (auditId: string): string => `/admin/work/retries/${auditId}`;

/** `GET /work/retries/:id` shows how the entries that were retried together ended. */
export function retryRoutes({ db, clock }: Runtime): Router {
  const router = Router();
  router.get("/work/retries/:id", async (req, res, next) => {
    const { id } = req.params;
    const retry = isId(id) ? await readRetry(db.drizzle, id) : undefined;
    if (!retry) return next();
    const { at, actor, reason, entries, outcomes } = retry;
    showPage(res, {
      title: `${formatCount(entries)} put back`,
      above: [["Work", "/admin/work"]],
      live: following("outbox", "job_runs"),
      body: html`${facts([
        ["Retried", timeWithAge(at, clock.now())],
        [
          "By",
          html`<a href="${hrefOf("/admin/audit", { action: "dead-letters.retry", actor })}">${actorText(actor)}</a>`,
        ],
        ["Why", reason],
      ])}
${regionHtml("outcomes", outcomeTiles(outcomes))}
<p class="dim">Retried work becomes due little by little, at most 50 entries a second.</p>
${regionHtml("table", section("What became of them", outcomeTable(outcomes)))}`,
    });
  });
  return router;
}

type Outcome = RetryOutcome["outcome"];

const TONES: Readonly<Record<Outcome, Tone>> = {
  open: "busy",
  done: "good",
  settled: "good",
  skipped: "idle",
  failed: "bad",
  cancelled: "warn",
  dead: "bad",
};

const LABELS: Readonly<Partial<Record<Outcome, string>>> = { open: "still open", dead: "failed again" };

const labelOf = (outcome: Outcome): string => LABELS[outcome] ?? outcome;

/** Outcomes that operators look for are always shown, others only if there are any. */
const ALWAYS: readonly Outcome[] = ["done", "skipped", "dead", "open"];

function outcomeTiles(outcomes: readonly RetryOutcome[]): Html {
  const sum = (outcome: Outcome): number =>
    outcomes.filter((each) => each.outcome === outcome).reduce((all, { entries }) => all + entries, 0);
  const shown = (Object.keys(TONES) as Outcome[]).filter((each) => ALWAYS.includes(each) || sum(each) > 0);
  return tiles(
    shown.map((outcome) => ({
      label: labelOf(outcome),
      value: formatCount(sum(outcome)),
      ...(sum(outcome) > 0 && outcome === "dead" ? { tone: "bad" as const } : {}),
    })),
  );
}

const outcomeTable = (outcomes: readonly RetryOutcome[]): Html =>
  table({
    caption: "Outcomes of the retried entries",
    columns: [
      { title: "Job", kind: "fixed" },
      { title: "Outcome", kind: "fixed" },
      { title: "Entries", kind: "number" },
      { title: "Why", kind: "long" },
    ],
    rows: outcomes.map(({ job, outcome, reason, entries }) => [
      job === "" ? null : html`<a href="${hrefOf("/admin/jobs", { name: job })}">${job}</a>`,
      badge(labelOf(outcome), TONES[outcome]),
      entries,
      reason,
    ]),
    empty: "No entry was retried.",
  });
