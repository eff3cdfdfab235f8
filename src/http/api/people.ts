import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { referencesTo } from "../../db/references.ts";
import { readServedPairs, type ServedPair } from "../../people/served-pairs.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { PairTerm } from "../../scoring/people/score-pair.ts";
import { servedScore } from "../../scoring/people/served-score.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

export const peopleQuery = z.object({
  tier: z.enum(["A", "B"], "must be A or B").optional(),
  page: integerField(1, 10_000).default(1),
  page_size: integerField(1, 50).default(20),
});

/** The label of a term. Ratings are mentioned without their values. */
const WORDS: Readonly<Record<PairTerm, string>> = {
  traits: "similar answers",
  interests: "shared interests",
  quality: "well liked",
  fit: "the kind of people you like",
  proximity: "lives nearby",
  newness: "recently active",
};

/**
 * `GET /users/me/matches?tier=&page=&page_size=`: the users who fit the authenticated user, those who meet
 * all preferences first (tier A), then the others (tier B).
 */
export function peopleRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/users/me/matches", auth, async (req, res) => {
    const query = validateQuery(peopleQuery, req, res);
    if (query === null) return;
    const me = userOf(res);
    const { page, page_size: pageSize } = query;
    const { asOf, total, items } = await readServedPairs(on, me, query.tier ?? null, { page, pageSize });
    const reference = await referencesTo(on, "users", [me, ...items.map(({ userId }) => userId)]);
    res.set("Cache-Control", "no-store").json({
      as_of: asOf?.toISOString() ?? null,
      page,
      page_size: pageSize,
      total,
      matches: items.map((pair) => ({
        ...pairResponse(pair, reference(pair.userId)),
        explain: `/api/v1/explain/pair/${encodeURIComponent(reference(me))}:${encodeURIComponent(reference(pair.userId))}`,
      })),
    });
  });
  return router;
}

const pairResponse = ({ name, tier, score, sharedInterests, strongest }: ServedPair, userId: string) => ({
  user_id: userId,
  name,
  tier,
  score: servedScore(score),
  reasons: strongest.map((term) => WORDS[term]),
  shared_interests: sharedInterests,
});
