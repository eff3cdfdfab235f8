import { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { referencesTo, resolveReference } from "../../db/references.ts";
import type { Queryable } from "../../db/statement.ts";
import { dismissMatch, restoreMatch } from "../../project-matching/dismissals.ts";
import { explainNoCandidates, explainNoMatches } from "../../project-matching/empty-lists.ts";
import { readOwnMatches } from "../../project-matching/own-matches.ts";
import {
  type MatchView,
  maySeeCandidates,
  readMatchCandidates,
} from "../../project-matching/project-candidates.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

const SHARE_FAULT = "must be a number from 0 to 1";
const share = z.coerce.number(SHARE_FAULT).refine((n) => n >= 0 && n <= 1, SHARE_FAULT);
const pageOf = (limit: number, minimumScore: number) =>
  z.object({
    limit: integerField(1, 200).default(limit),
    min_score: share.default(minimumScore),
  });
export const candidatesPage = pageOf(50, 0.1);
export const ownPage = pageOf(20, 0.2);

/**
 * `GET /projects/:id/candidates?limit=&min_score=`: the matching volunteers of a project, best first, for
 * those who run it. `GET /volunteers/me/matches?limit=&min_score=`: the open projects that match the
 * authenticated user, computed on request. An empty list comes with the reason. `POST` and `DELETE
 * /volunteers/me/matches/:projectId/dismiss`: the user dismisses that project, or takes that back.
 */
export function matchRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/projects/:id/candidates", auth, (req, res) => sendCandidates(on, req, res));
  router.get("/volunteers/me/matches", auth, (req, res) => sendOwnMatches(on, req, res));
  const dismissal = "/volunteers/me/matches/:projectId/dismiss";
  router.post(dismissal, auth, async (req, res) => {
    const id = await resolveReference(on, "projects", String(req.params["projectId"]));
    const isDismissed = id !== null && (await dismissMatch(on, id, userOf(res), runtime.clock.now()));
    if (!isDismissed)
      return sendError(res, 404, { code: "not-found", message: "There is no such open project." });
    res.status(204).end();
  });
  router.delete(dismissal, auth, async (req, res) => {
    const id = await resolveReference(on, "projects", String(req.params["projectId"]));
    const isRestored = id !== null && (await restoreMatch(on, id, userOf(res)));
    if (!isRestored)
      return sendError(res, 404, { code: "not-found", message: "You have not dismissed this project." });
    res.status(204).end();
  });
  return router;
}

async function sendCandidates(on: Queryable, req: Request, res: Response): Promise<void> {
  const query = validateQuery(candidatesPage, req, res);
  if (query === null) return;
  const project = String(req.params["id"]);
  const id = await resolveReference(on, "projects", project);
  if (id === null || !(await maySeeCandidates(on, id, userOf(res))))
    return sendError(res, 404, {
      code: "not-found",
      message: "There is no such project, or you do not run it.",
    });
  const candidates = await readMatchCandidates(on, id, {
    limit: query.limit,
    minimumScore: query.min_score,
  });
  const empty = candidates.length === 0 ? await explainNoCandidates(on, id) : undefined;
  const userReference = await referencesTo(
    on,
    "users",
    candidates.map(({ userId }) => userId),
  );
  res.set("Cache-Control", "no-store").json({
    candidates: candidates.map(({ userId, name, availability, calculatedAt, ...match }) => ({
      ...matchResponse(match),
      user_id: userReference(userId),
      name,
      availability,
      calculated_at: calculatedAt,
      explain: explainLink(project, userReference(userId)),
    })),
    empty,
  });
}

async function sendOwnMatches(on: Queryable, req: Request, res: Response): Promise<void> {
  const query = validateQuery(ownPage, req, res);
  if (query === null) return;
  const me = userOf(res);
  const matches = await readOwnMatches(on, me, { limit: query.limit, minimumScore: query.min_score });
  const empty = matches.length === 0 ? await explainNoMatches(on, me) : undefined;
  const userReference = await referencesTo(on, "users", [me]);
  const projectReference = await referencesTo(
    on,
    "projects",
    matches.map(({ projectId }) => projectId),
  );
  res.set("Cache-Control", "no-store").json({
    matches: matches.map(({ projectId, projectName, ...match }) => ({
      ...matchResponse(match),
      project_id: projectReference(projectId),
      project_name: projectName,
      explain: explainLink(projectReference(projectId), userReference(me)),
    })),
    empty,
  });
}

const explainLink = (project: string, user: string): string =>
  `/api/v1/explain/match/${encodeURIComponent(project)}:${encodeURIComponent(user)}`;

/** The common part of both responses. */
const matchResponse = ({ score, percent, components, reasons, matchedSkills, missingSkills }: MatchView) => ({
  score,
  percent,
  components,
  reasons,
  matched_skills: matchedSkills,
  missing_skills: missingSkills,
});
