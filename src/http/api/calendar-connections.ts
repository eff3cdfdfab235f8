import express, { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { PROVIDER } from "../../calendar/connections.ts";
import { isContention, isDatabaseAbsent } from "../../db/faults.ts";
import { connectCalendar, connectionOf, disconnectCalendar } from "../../intake/calendar-connections.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater, tooManyRequests } from "../requests/error-response.ts";
import { createRateLimit } from "../requests/rate-limit.ts";
import { validateBody } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

export const connectionBody = z.object({
  refresh_token: z
    .string("must be a string")
    .regex(/^\S{8,4096}$/, "must be a single word of 8 to 4096 characters"),
});

const PATH = "/calendar-connections/:provider";

/** Each change causes several calls to the provider, whose quota all users share. */
const CHANGES_PER_HOUR = 10;

/**
 * The calendar of the authenticated user: `PUT` connects it with the refresh token they granted, `GET` shows
 * its status, `DELETE` disconnects it. Tokens are never returned.
 */
export function calendarRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.use(PATH, auth, onlyGoogle, limitChanges(runtime), express.json({ limit: "16kb" }));
  router.put(PATH, async (req, res) => {
    const given = validateBody(connectionBody, req, res, "bad-connection");
    if (given === null) return;
    const port = runtime.ports.calendar;
    if (port === null) {
      const message = "Calendars are not configured: the operator must set GOOGLE_CLIENT_ID.";
      return sendRetryLater(res, 503, { code: "not-configured", message }, 60_000);
    }
    await orUnavailable(res, async () => {
      const now = runtime.clock.now();
      const connecting = { port, userId: userOf(res), refreshToken: given.refresh_token, now };
      await runtime.relay.transact((tx) => connectCalendar(tx, connecting));
      res.json({ provider: PROVIDER, status: "active" });
    });
  });
  router.get(PATH, async (_req, res) => {
    await orUnavailable(res, async () => {
      const connection = await connectionOf(runtime.db.drizzle, userOf(res));
      if (connection === null) return notConnected(res);
      const { provider, status, reason, connectedAt, syncedAt } = connection;
      const iso = (at: string | null) => (at === null ? null : new Date(at).toISOString());
      res.json({ provider, status, reason, connected_at: iso(connectedAt), read_at: iso(syncedAt) });
    });
  });
  router.delete(PATH, async (_req, res) => {
    await orUnavailable(res, async () => {
      const now = runtime.clock.now();
      const id = await runtime.relay.transact((tx) => disconnectCalendar(tx, userOf(res), now));
      if (id === null) return notConnected(res);
      res.json({ provider: PROVIDER, status: "disconnected" });
    });
  });
  return router;
}

function limitChanges({ producers, config }: Runtime): RequestHandler {
  const limit = createRateLimit({
    redis: producers.redis,
    keyPrefix: `${config.redisPrefix}:limit:calendar-changes`,
    burst: CHANGES_PER_HOUR,
    perSecond: CHANGES_PER_HOUR / 3_600,
  });
  return async (req, res, next) => {
    const waitMs = req.method === "GET" ? 0 : await limit.take(userOf(res));
    if (waitMs > 0) tooManyRequests(res, waitMs);
    else next();
  };
}

const onlyGoogle: RequestHandler = (req, res, next) => {
  if (req.params["provider"] === PROVIDER) return next();
  const message = "Unknown provider: only google is supported.";
  sendError(res, 404, { code: "unknown-provider", message });
};

const notConnected = (res: Response) =>
  sendError(res, 404, { code: "not-connected", message: "No calendar is connected." });

/** Answers 503 if Postgres is unavailable or busy. */
async function orUnavailable(res: Response, answer: () => Promise<void>): Promise<void> {
  try {
    await answer();
  } catch (error) {
    if (!isDatabaseAbsent(error) && !isContention(error)) throw error;
    const message = "Temporarily unavailable; nothing was changed. Try again after the time in Retry-After.";
    sendRetryLater(res, 503, { code: "unavailable", message }, 2_000);
  }
}
