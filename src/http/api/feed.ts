import express, { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { recordSeen } from "../../feeds/seen.ts";
import { continueFeed, type FeedPage, openFeed, type ShownItem } from "../../feeds/served.ts";
import { readCursor, writeCursor } from "../../feeds/session.ts";
import { referenceField } from "../../ids.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { ITEM_KINDS } from "../../scoring/feeds/merge-order.ts";
import { sendError } from "../requests/error-response.ts";
import { validateBody, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

/** At most this many seen items per request. */
const MAX_SEEN = 100;

export const feedPage = z
  .object({
    segment: z
      .literal("0", "must be 0, which starts a session; follow the cursor for the next segments")
      .optional(),
    cursor: z.string().optional(),
  })
  .refine(
    ({ segment, cursor }) => segment === undefined || cursor === undefined,
    "segment and cursor exclude each other",
  );

export const seenBody = z.strictObject({
  items: z.array(z.strictObject({ kind: z.enum(ITEM_KINDS), id: referenceField() })).max(MAX_SEEN),
});

/**
 * `GET /feed?segment=0` starts a session with the feed of the authenticated user, `GET /feed?cursor=`
 * continues it, `POST /feed/seen` records what they saw.
 */
export function feedRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.get("/feed", auth, async (req, res) => {
    const query = validateQuery(feedPage, req, res);
    if (query === null) return;
    const now = runtime.clock.now();
    if (query.cursor === undefined) return sendPage(res, await openFeed(runtime.db, userOf(res), now));
    const session = readCursor(query.cursor);
    if (session === null)
      return sendError(res, 422, {
        code: "bad-cursor",
        message: "Invalid cursor. Start a new session with segment=0.",
      });
    sendPage(res, await continueFeed(runtime.db.drizzle, userOf(res), session, now));
  });
  router.post("/feed/seen", auth, express.json({ limit: "64kb" }), async (req, res) => {
    const given = validateBody(seenBody, req, res, "bad-seen");
    if (given === null) return;
    const count = await recordSeen(runtime.db.drizzle, userOf(res), given.items, runtime.clock.now());
    res.json({ seen: count });
  });
  return router;
}

function sendPage(res: Response, page: FeedPage | null): void {
  if (page === null) {
    const message = "The session has expired. Start a new one with segment=0.";
    sendError(res, 410, { code: "session-over", message });
    return;
  }
  res.set("Cache-Control", "no-store").json({
    items: page.items.map(itemResponse),
    cursor: page.next && writeCursor(page.next),
    computed_at: page.computedAt.toISOString(),
  });
}

function itemResponse(item: ShownItem) {
  if (item.kind !== "post") return item;
  const { kind, id, authorId, authorName, body, contentType, createdAt } = item;
  const author = { id: authorId, name: authorName };
  return { kind, id, author, body, content_type: contentType, created_at: createdAt };
}
