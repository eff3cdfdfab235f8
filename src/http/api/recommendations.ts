import express, { type RequestHandler, Router } from "express";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { referenceField } from "../../ids.ts";
import { readListedPostings } from "../../postings/listed-postings.ts";
import { hasActiveCv, type OwnRun, readOwnRun, startOwnRun } from "../../postings/own-runs.ts";
import { resolvePostings } from "../../postings/posting-references.ts";
import { readServedList } from "../../postings/served-lists.ts";
import { recordViews } from "../../postings/views.ts";
import type { Job } from "../../queues/job.ts";
import { startRun } from "../../queues/manual-runs.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { generateRecommendations } from "../../workers/recommendations/generate-recommendations.ts";
import { sendError, sendRetryLater } from "../requests/error-response.ts";
import { validateBody, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";
import { pageFields, remoteField } from "./posting-query.ts";
import { pageResponse, postingResponse, shownScore } from "./posting-response.ts";

const SCORE_FAULT = "must be a number from 0 to 100";
export const recommendationsPage = z.object({
  ...pageFields,
  remote: remoteField,
  min_score: z.coerce
    .number(SCORE_FAULT)
    .refine((n) => n >= 0 && n <= 100, SCORE_FAULT)
    .default(0),
});

/** A page of the API shows at most this many. */
const MAX_VIEWS = 100;
export const viewsBody = z.strictObject({
  seen: z.array(referenceField()).max(MAX_VIEWS).default([]),
  clicked: z.array(referenceField()).max(MAX_VIEWS).default([]),
});

/**
 * `GET /jobs/recommendations?page=&page_size=&remote=&min_score=`: the recommendations of the authenticated
 * user. `POST .../generate` computes them now, `GET .../status` shows the progress, `POST .../seen` records
 * what the user saw and opened.
 */
export function recommendationRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/jobs/recommendations", auth, async (req, res) => {
    const query = validateQuery(recommendationsPage, req, res);
    if (query === null) return;
    const now = runtime.clock.now();
    const list = await readServedList(on, userOf(res), now);
    const found = (list?.items ?? []).filter(
      ({ entry: { posting }, score }) =>
        shownScore(score) >= query.min_score &&
        (query.remote === undefined || posting.isRemote === query.remote),
    );
    const { page: number, page_size: pageSize } = query;
    const shown = found.slice((number - 1) * pageSize, number * pageSize);
    const idOf = ({ entry }: (typeof shown)[number]) => entry.posting.id;
    const postings = await readListedPostings(on, shown.map(idOf), now);
    res.set("Cache-Control", "no-store").json(
      pageResponse(
        shown.flatMap((item) => {
          const posting = postings.get(idOf(item));
          // Closed since the list was read.
          return posting === undefined ? [] : [postingResponse(posting, item.entry.status, item)];
        }),
        { total: found.length, page: number, pageSize },
      ),
    );
  });
  router.post("/jobs/recommendations/generate", auth, async (_req, res) => {
    const userId = userOf(res);
    if (!(await hasActiveCv(on, userId))) {
      const message = "There is no active CV to compute recommendations from. Upload one first.";
      return sendError(res, 409, { code: "no-cv", message });
    }
    const now = runtime.clock.now();
    const { isNew, run } = await runtime.relay.transact((tx) =>
      startOwnRun(tx, userId, now, (opened) => startRun(opened, generateRecommendations as Job, { userId })),
    );
    if (isNew) return void res.status(202).json({ job_id: run.runId, status: run.status });
    const message = "Recommendations are computed at most once an hour. Retry after the time in Retry-After.";
    sendRetryLater(
      res,
      429,
      { code: "too-many-requests", message },
      run.availableAt.getTime() - now.getTime(),
    );
  });
  router.get("/jobs/recommendations/status", auth, async (_req, res) => {
    const now = runtime.clock.now();
    const run = await readOwnRun(on, userOf(res));
    const list = await readServedList(on, userOf(res), now);
    res.set("Cache-Control", "no-store").json({
      ...statusResponse(run),
      generated_at: list?.asOf.toISOString() ?? null,
      total: list?.items.length ?? 0,
    });
  });
  router.post("/jobs/recommendations/seen", auth, express.json({ limit: "64kb" }), async (req, res) => {
    const given = validateBody(viewsBody, req, res, "bad-views");
    if (given === null) return;
    const ids = await resolvePostings(on, [...given.seen, ...given.clicked]);
    const known = (references: readonly string[]) =>
      references.flatMap((reference) => ids.get(reference) ?? []);
    const found = { seen: known(given.seen), clicked: known(given.clicked) };
    const now = runtime.clock.now();
    res.json(await inTransaction(runtime.db, (tx) => recordViews(tx, userOf(res), found, now)));
  });
  return router;
}

const statusResponse = (run: OwnRun | null) => ({
  job_id: run?.runId ?? null,
  status: run === null ? "none" : (run.status ?? "none"),
  requested_at: run?.requestedAt.toISOString() ?? null,
  finished_at: run?.finishedAt?.toISOString() ?? null,
  available_at: run?.availableAt.toISOString() ?? null,
});
