import { Router } from "express";
import { z } from "zod";
import { readOwnMatches } from "../../project-matching/own-matches.ts";
import {
  type MatchView,
  maySeeCandidates,
  readMatchCandidates,
} from "../../project-matching/project-candidates.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { userAuth, userOf } from "../auth.ts";
import { refuse } from "../error-response.ts";
import { readQuery, wholeField } from "../validate.ts";

const SHARE = "must be a number from 0 to 1";
const share = z.coerce.number(SHARE).refine((n) => n >= 0 && n <= 1, SHARE);
const pageOf = (limit: number, minimumScore: number) =>
  z.object({
    limit: wholeField(1, 200).default(limit),
    min_score: share.default(minimumScore),
  });
const candidatesPage = pageOf(50, 0.1);
const ownPage = pageOf(20, 0.2);

const ID = /^[1-9]\d{0,14}$/;

/**
 * `GET /projects/:id/candidates?limit=&min_score=`: who fits the project, best first, for those who run it.
 * `GET /volunteers/me/matches?limit=&min_score=`: which open projects fit the user of the token, as of now.
 */
export function matchRoutes(runtime: Runtime): Router {
  const router = Router();
  const auth = userAuth(runtime);
  const on = runtime.db.drizzle;
  router.get("/projects/:id/candidates", auth, async (req, res) => {
    const query = readQuery(candidatesPage, req, res);
    if (query === null) return;
    const id = String(req.params["id"]);
    if (!ID.test(id) || !(await maySeeCandidates(on, id, userOf(res))))
      return refuse(res, 404, { code: "not-found", message: "There is no such project of yours." });
    const candidates = await readMatchCandidates(on, id, {
      limit: query.limit,
      minimumScore: query.min_score,
    });
    res.set("Cache-Control", "no-store").json({
      candidates: candidates.map(({ userId, name, availability, calculatedAt, ...match }) => ({
        ...told(match),
        user_id: userId,
        name,
        availability,
        calculated_at: calculatedAt,
        explain: `/api/v1/explain/match/${id}:${userId}`,
      })),
    });
  });
  router.get("/volunteers/me/matches", auth, async (req, res) => {
    const query = readQuery(ownPage, req, res);
    if (query === null) return;
    const me = userOf(res);
    const matches = await readOwnMatches(on, me, { limit: query.limit, minimumScore: query.min_score });
    res.set("Cache-Control", "no-store").json({
      matches: matches.map(({ projectId, projectName, ...match }) => ({
        ...told(match),
        project_id: projectId,
        project_name: projectName,
        explain: `/api/v1/explain/match/${projectId}:${me}`,
      })),
    });
  });
  return router;
}

/** The score first. */
const told = ({ score, percent, components, reasons, matchedSkills, missingSkills }: MatchView) => ({
  score,
  percent,
  components,
  reasons,
  matched_skills: matchedSkills,
  missing_skills: missingSkills,
});
