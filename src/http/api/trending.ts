import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { readTrending } from "../../feeds/trending.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

export const trendingQuery = z.object({ limit: integerField(1, 100).default(20) });

/** `GET /trending?limit=`: the public posts of the last 48 hours that people engage with most, best first. */
export function trendingRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/trending", auth, async (req, res) => {
    const given = validateQuery(trendingQuery, req, res);
    if (given === null) return;
    const posts = await readTrending(on, userOf(res), given.limit, runtime.clock.now());
    res.set("Cache-Control", "no-store").json({
      posts: posts.map((post) => ({
        id: post.id,
        author: { id: post.authorId, name: post.authorName },
        body: post.body,
        content_type: post.contentType,
        created_at: post.createdAt.toISOString(),
        likes: post.likes,
        comments: post.comments,
        shares: post.shares,
        score: Math.round(post.score * 1_000) / 1_000,
      })),
    });
  });
  return router;
}
