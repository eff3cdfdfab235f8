import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { type ChangeCursor, readChangeCursor, writeChangeCursor } from "../../db/results/change-cursor.ts";
import { CHANGE_FEEDS, type ChangeFeed } from "../../db/results/change-feeds.ts";
import { readChangePage } from "../../db/results/read-changes.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { validateQuery } from "../requests/validate.ts";
import { requestLineScheme } from "../webhooks/signature-schemes.ts";
import { requireSignedGet } from "../webhooks/signed-webhook.ts";

const SOURCE = "changes";

export const changesQuery = z.object({
  table: z
    .string("must be one of the tables of the change feed")
    .refine((name) => CHANGE_FEEDS.has(name), "must be one of the tables of the change feed")
    .meta({ enum: [...CHANGE_FEEDS.keys()] }),
  since: z
    .string()
    .refine((text) => readChangeCursor(text) !== null, "must be a cursor that this endpoint returned")
    .optional(),
});

/** `GET /api/v1/changes?table=&since=`: the changes of a table of results, for the host's backend. */
export function changesRoutes(runtime: Runtime): Router {
  const { secrets } = runtime.config.eventsWebhook;
  const count = (status: string) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status });
  const router = Router();
  router.get(
    "/api/v1/changes",
    requireSignedGet(runtime, {
      source: SOURCE,
      secrets,
      secretVariable: "DOMAIN_EVENTS_WEBHOOK_SECRET",
      scheme: requestLineScheme(secrets, runtime.clock),
      count,
    }),
    sendPage(runtime, count),
  );
  return router;
}

function sendPage({ db }: Runtime, count: (status: string) => void): RequestHandler {
  return async (req, res) => {
    const given = validateQuery(changesQuery, req, res);
    if (given === null) return count("rejected");
    const feed = CHANGE_FEEDS.get(given.table) as ChangeFeed;
    const since = given.since === undefined ? null : (readChangeCursor(given.since) as ChangeCursor);
    const page = await readChangePage(db, feed, since);
    if (page === null) {
      count("expired");
      const message =
        "The cursor has expired: the changes after it were deleted. Start again without a cursor.";
      return sendError(res, 410, { code: "cursor-expired", message });
    }
    count("read");
    res.set("Cache-Control", "no-store").json({
      table: given.table,
      key: feed.key,
      changes: page.changes,
      snapshot: page.snapshot,
      more: page.more,
      cursor: writeChangeCursor(page.cursor),
    });
  };
}
