import { type RequestHandler, type Response, Router } from "express";
import type { Explanation } from "../../explain/explanation.ts";
import { EXPLAINED, type Explained, explain, explainOwn } from "../../explain/index.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { userOf } from "./auth.ts";

/**
 * `GET /explain/award|commission|feed|match|multiplier|pair|recommendation/:id`: explains a figure of the
 * authenticated user. Figures of others are 404; operators use /admin/api/explain.
 */
export function explainRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.get("/explain/:kind/:id", auth, (req, res) => {
    const { kind = "", id = "" } = req.params as Record<string, string | undefined>;
    return sendExplanation(runtime, res, { kind, id }, userOf(res));
  });
  return router;
}

/**
 * Sends the explanation; 404 if there is no such figure or `userId` (null: an operator) may not see it.
 * `ownId`: the id of the figure in terms of our ids, if they are known.
 */
export async function sendExplanation(
  runtime: Runtime,
  res: Response,
  { kind, id, ownId }: { kind: string; id: string; ownId?: string },
  userId: string | null,
): Promise<void> {
  const on = runtime.db.drizzle;
  const explained = isExplained(kind) ? kind : null;
  const found =
    explained === null
      ? undefined
      : ownId === undefined
        ? await explain(on, explained, id)
        : await explainOwn(on, explained, { ownId, id });
  if (!found || (userId !== null && !isVisibleTo(found, userId))) {
    return sendError(res, 404, {
      code: "not-found",
      message: "There is nothing with this id to explain, or it belongs to another user.",
    });
  }
  const { ownerUserId: _owner, alsoFor: _others, ...explanation } = found;
  res.set("Cache-Control", "no-store").json(explanation);
}

const isVisibleTo = ({ ownerUserId, alsoFor = [] }: Explanation, userId: string): boolean =>
  ownerUserId === userId || alsoFor.includes(userId);

const isExplained = (kind: string): kind is Explained => (EXPLAINED as readonly string[]).includes(kind);
