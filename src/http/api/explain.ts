import { type Response, Router } from "express";
import type { Explanation } from "../../explain/explanation.ts";
import { EXPLAINED, type Explained, explain } from "../../explain/index.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { userAuth, userOf } from "../auth.ts";
import { refuse } from "../error-response.ts";

/**
 * `GET /explain/award|commission|match|multiplier/:id`: a figure of the user of the token, worked out again from its stored inputs. What
 * belongs to others is not there: operators ask /admin/api/explain.
 */
export function explainRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/explain/:kind/:id", userAuth(runtime), (req, res) => {
    const { kind = "", id = "" } = req.params as Record<string, string | undefined>;
    return answerExplanation(runtime, res, { kind, id }, userOf(res));
  });
  return router;
}

/** Answers with the explanation; 404 when there is no such figure, or when it is not one of `ownerUserId`. */
export async function answerExplanation(
  runtime: Runtime,
  res: Response,
  { kind, id }: { kind: string; id: string },
  ownerUserId: string | null,
): Promise<void> {
  const found = isExplained(kind) ? await explain(runtime.db.drizzle, kind, id) : undefined;
  if (!found || (ownerUserId !== null && !isFor(found, ownerUserId))) {
    return refuse(res, 404, { code: "not-found", message: "There is no such figure of yours." });
  }
  const { ownerUserId: _owner, alsoFor: _others, ...told } = found;
  res.set("Cache-Control", "no-store").json(told);
}

const isFor = ({ ownerUserId, alsoFor = [] }: Explanation, userId: string): boolean =>
  ownerUserId === userId || alsoFor.includes(userId);

const isExplained = (kind: string): kind is Explained => (EXPLAINED as readonly string[]).includes(kind);
