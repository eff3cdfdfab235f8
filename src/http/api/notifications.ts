import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { isId } from "../../ids.ts";
import { markAllRead, markRead, readNotificationPage } from "../../notifications/notification-list.ts";
import { translateNotifications } from "../../notifications/translate-notifications.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { acceptedLanguage } from "../requests/accepted-language.ts";
import { sendError } from "../requests/error-response.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { callerOf, userOf } from "./auth.ts";
import { notificationResponse } from "./notification-response.ts";
import { createNotificationStreams, type StreamIntervals } from "./notification-streams.ts";
import { issueStreamTicket, ticketAuth } from "./stream-tickets.ts";

export const notificationQuery = z.object({
  unread: z.enum(["true", "false"], "must be true or false").default("false"),
  page: integerField(1, 1_000).default(1),
});

/**
 * `GET /notifications?unread=&page=`, `POST /notifications/:id/read`, `POST /notifications/read-all`, and
 * `GET /notifications/stream`: server-sent events for new and changed notifications. Browsers open it with a
 * ticket of `POST /notifications/stream-ticket`. Users whose language is not known read them in the language
 * of the request.
 */
export function notificationRoutes(
  runtime: Runtime,
  auth: RequestHandler,
  closing: AbortSignal,
  intervals?: StreamIntervals,
): Router {
  const router = Router();
  const streams = createNotificationStreams(runtime, closing, intervals);
  router.get("/notifications", auth, async (req, res) => {
    const query = validateQuery(notificationQuery, req, res);
    if (query === null) return;
    const inbox = await readNotificationPage(runtime.db.drizzle, userOf(res), {
      page: query.page,
      unreadOnly: query.unread === "true",
    });
    const notifications = await translateNotifications(
      runtime.db.drizzle,
      inbox.notifications,
      acceptedLanguage(req),
      { defaultZone: runtime.settings.notifications.userTimeZone, log: runtime.log },
    );
    res
      .set("Cache-Control", "no-store")
      .json({ ...inbox, notifications: notifications.map(notificationResponse) });
  });
  router.post("/notifications/stream-ticket", auth, async (_req, res) => {
    const { ticket, expiresAt } = await issueStreamTicket(
      runtime.db.drizzle,
      callerOf(res),
      runtime.clock.now(),
    );
    res.set("Cache-Control", "no-store").json({ ticket, expires_at: expiresAt.toISOString() });
  });
  const authByTicket = ticketAuth(runtime);
  router.get("/notifications/stream", (req, res, next) =>
    ("ticket" in req.query ? authByTicket : auth)(req, res, next),
  );
  router.get("/notifications/stream", (req, res) => {
    const lastEventId = req.get("last-event-id") ?? req.query["last_event_id"];
    streams.open(callerOf(res), typeof lastEventId === "string" ? lastEventId : undefined, req, res);
  });
  router.post("/notifications/read-all", auth, async (_req, res) => {
    res.json({ read: await markAllRead(runtime.db.drizzle, userOf(res), runtime.clock.now()) });
  });
  router.post("/notifications/:id/read", auth, async (req, res) => {
    const id = String(req.params["id"]);
    const readAt = isId(id) ? await markRead(runtime.db.drizzle, userOf(res), id, runtime.clock.now()) : null;
    if (readAt === null)
      return sendError(res, 404, {
        code: "not-found",
        message: "There is no such notification, or it belongs to another user.",
      });
    res.json({ id, read_at: readAt });
  });
  return router;
}
