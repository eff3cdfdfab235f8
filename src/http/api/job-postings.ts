import express, { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { referencesTo } from "../../db/references.ts";
import { jobs } from "../../db/schema/postings.ts";
import { jobApplications } from "../../db/schema/recommendations.ts";
import { isStorable, UNSTORABLE } from "../../foreign-text.ts";
import {
  type ApplicationStatus,
  forgetDismissals,
  type GivenFeedback,
  readStatuses,
  recordFeedback,
} from "../../postings/feedback.ts";
import { findPostings, type PostingFilter, readPosting } from "../../postings/find-postings.ts";
import { resolvePosting } from "../../postings/posting-references.ts";
import { type Recommended, readServedList } from "../../postings/served-lists.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { ServedEntry } from "../../scoring/postings/serve-list.ts";
import { sendError } from "../requests/error-response.ts";
import { integerField, validateBody, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";
import { sendExplanation } from "./explain.ts";
import { pageFields, remoteField } from "./posting-query.ts";
import { pageResponse, postingResponse } from "./posting-response.ts";

const MAX_WORDS_LENGTH = 200;
const words = z.string().trim().min(1).max(MAX_WORDS_LENGTH).refine(isStorable, UNSTORABLE).optional();

export const postingsQuery = z.object({
  ...pageFields,
  q: words,
  company: words,
  location: words,
  remote: remoteField,
  job_type: z.enum(jobs.jobType.enumValues).optional(),
  posted_within_days: integerField(1, 365).optional(),
});

export const dismissalBody = z.strictObject({
  reason: z
    .enum(jobApplications.dismissReason.enumValues)
    .nullish()
    .transform((reason) => reason ?? null),
});

/**
 * `GET /jobs`: all open postings, searched and filtered. `GET /jobs/:id`: one with its description; `GET
 * /jobs/:id/explanation`: why it is recommended to the authenticated user or not. `POST /jobs/:id/save`,
 * `/applied`, `/dismiss`: what the user did with it. `DELETE /jobs/feedback` forgets the reasons of
 * dismissals.
 */
export function jobPostingRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/jobs", auth, async (req, res) => {
    const query = validateQuery(postingsQuery, req, res);
    if (query === null) return;
    const { page, page_size: pageSize } = query;
    const [userId, now] = [userOf(res), runtime.clock.now()];
    const bounds = { offset: (page - 1) * pageSize, limit: pageSize };
    const { postings, total } = await findPostings(on, filterOf(query), bounds, now);
    const statuses = await readStatuses(
      on,
      userId,
      postings.map(({ id }) => id),
    );
    const recommended = await recommendedById(runtime, userId);
    res.set("Cache-Control", "no-store").json(
      pageResponse(
        postings.map((posting) =>
          postingResponse(posting, statuses.get(posting.id) ?? null, recommended.get(posting.id) ?? null),
        ),
        { total, page, pageSize },
      ),
    );
  });
  router.delete("/jobs/feedback", auth, async (_req, res) => {
    res.json({ forgotten: await forgetDismissals(on, userOf(res)) });
  });
  router.get("/jobs/:id", auth, async (req, res) => {
    const id = await resolvePosting(on, String(req.params["id"]));
    const posting = id === null ? null : await readPosting(on, id);
    if (posting === null) return notFound(res);
    const statuses = await readStatuses(on, userOf(res), [posting.id]);
    const recommended = await recommendedById(runtime, userOf(res));
    const status = statuses.get(posting.id) ?? null;
    res.set("Cache-Control", "no-store").json({
      ...postingResponse(posting, status, recommended.get(posting.id) ?? null),
      status: posting.status,
      description: posting.text ?? "",
    });
  });
  router.get("/jobs/:id/explanation", auth, async (req, res) => {
    const posting = String(req.params["id"]);
    const postingId = await resolvePosting(on, posting);
    if (postingId === null) return notFound(res);
    const userId = userOf(res);
    const referenceTo = await referencesTo(on, "users", [userId]);
    const id = `${referenceTo(userId)}:${posting}`;
    const ownId = `${userId}:${postingId}`;
    await sendExplanation(runtime, res, { kind: "recommendation", id, ownId }, userId);
  });
  const record = feedbackFrom(runtime);
  router.post("/jobs/:id/save", auth, (req, res) => record(req, res, { status: "saved" }));
  router.post("/jobs/:id/applied", auth, (req, res) => record(req, res, { status: "applied" }));
  router.post("/jobs/:id/dismiss", auth, express.json({ limit: "8kb" }), async (req, res) => {
    // The body is optional.
    const isBare = req.body === undefined && req.headers["content-type"] === undefined;
    const given = isBare ? { reason: null } : validateBody(dismissalBody, req, res, "bad-feedback");
    if (given !== null) await record(req, res, { status: "dismissed", reason: given.reason });
  });
  return router;
}

type Recorder = (req: Parameters<RequestHandler>[0], res: Response, given: GivenFeedback) => Promise<void>;

const feedbackFrom =
  ({ db, clock }: Runtime): Recorder =>
  async (req, res, given) => {
    const reference = String(req.params["id"]);
    const postingId = await resolvePosting(db.drizzle, reference);
    const about = { userId: userOf(res), postingId: postingId ?? "" };
    const status: ApplicationStatus | null =
      postingId === null ? null : await recordFeedback(db.drizzle, about, given, clock.now());
    if (status === null) return notFound(res);
    res.json({ id: reference, application_status: status });
  };

const notFound = (res: Response): void =>
  sendError(res, 404, { code: "not-found", message: "There is no such posting." });

const filterOf = (query: z.output<typeof postingsQuery>): PostingFilter => ({
  words: query.q,
  company: query.company,
  location: query.location,
  isRemote: query.remote,
  jobType: query.job_type,
  postedWithinDays: query.posted_within_days,
});

async function recommendedById(
  { db, clock }: Runtime,
  userId: string,
): Promise<ReadonlyMap<string, ServedEntry<Recommended>>> {
  const list = await readServedList(db.drizzle, userId, clock.now());
  return new Map(list?.items.map((item) => [item.entry.posting.id, item]));
}
