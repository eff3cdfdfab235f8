import { type Request, type Response, Router } from "express";
import { createGroupCommit, type GroupCommit } from "../../db/group-commit.ts";
import { isUuid } from "../../ids.ts";
import { type Push, type PushResult, takePushes } from "../../intake/calendar-pushes.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { addressKey, createRateLimit } from "../requests/rate-limit.ts";

const SOURCE = "google_calendar";
const PATH = "/webhooks/google_calendar";
const MAX_GROUP = 256;
const MAX_WAITING = 4_000;
/** Longer header values are ignored; Google's are shorter. */
const MAX_HEADER_LENGTH = 512;

/** The result of a message, for the counter. */
type CallResult = PushResult | "limited" | "unavailable" | "refused";

/**
 * `POST /webhooks/google_calendar`: Google's push messages about changed calendars. A message has only
 * headers and is always answered with 200, so that guessing reveals nothing. A message lost to a limit or an
 * outage is covered by the slow poll.
 */
export function calendarWebhook(runtime: Runtime): Router {
  const count = (result: CallResult) => runtime.metrics.webhookCalls.inc({ source: SOURCE, status: result });
  const intake = createPushIntake(runtime);
  const { addressPerSecond, addressBurst } = runtime.config.webhookLimits;
  const limit = createRateLimit({
    redis: runtime.producers.redis,
    keyPrefix: `${runtime.config.redisPrefix}:limit:calendar-address`,
    burst: addressBurst,
    perSecond: addressPerSecond,
  });
  const router = Router();
  router.all(PATH, async (req: Request, res: Response) => {
    if (req.method !== "POST") {
      count("refused");
      res.set("Allow", "POST");
      return sendError(res, 405, { code: "method-not-allowed", message: "Use POST." });
    }
    const startedMs = performance.now();
    const waitMs = await limit.take(addressKey(req.ip));
    count(waitMs > 0 ? "limited" : await resultOf(runtime, intake, pushFrom(req)));
    res.status(200).end();
    runtime.metrics.accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
  });
  return router;
}

/** The message in the headers; null if they cannot belong to one of our channels. */
function pushFrom(req: Request): Push | null {
  const header = (name: string): string => {
    const value = req.get(name) ?? "";
    return value.length <= MAX_HEADER_LENGTH ? value : "";
  };
  const channelId = header("X-Goog-Channel-ID").toLowerCase();
  const push = {
    channelId,
    secret: header("X-Goog-Channel-Token"),
    resourceId: header("X-Goog-Resource-ID"),
    state: header("X-Goog-Resource-State"),
  };
  return isUuid(channelId) && push.secret && push.resourceId && push.state ? push : null;
}

async function resultOf(
  runtime: Runtime,
  intake: GroupCommit<Push, PushResult>,
  push: Push | null,
): Promise<CallResult> {
  if (push === null) return "unknown";
  try {
    return await intake.submit(push);
  } catch (error) {
    runtime.log.warn({ err: error, channel: push.channelId }, "could not store a calendar message");
    return "unavailable";
  }
}

/** Looks up and stores messages in groups. */
function createPushIntake(runtime: Runtime): GroupCommit<Push, PushResult> {
  const write = (pushes: readonly Push[]): Promise<readonly PushResult[]> =>
    runtime.relay.transact((tx) => takePushes(tx, pushes));
  return createGroupCommit({ write, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });
}
