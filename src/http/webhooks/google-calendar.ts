import { type Request, type Response, Router } from "express";
import { createGroupCommit, type GroupCommit } from "../../db/group-commit.ts";
import { type Push, type PushResult, takePushes } from "../../intake/calendar-pushes.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { refuse } from "../error-response.ts";
import { addressKey, createRateLimit } from "../rate-limit.ts";

const SOURCE = "google_calendar";
const PATH = "/webhooks/google_calendar";
const MAX_GROUP = 256;
const MAX_WAITING = 4_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** More than Google's words, and little enough to be looked at. */
const MAX_WORD = 512;

type Ending = PushResult | "limited" | "unavailable" | "refused";

/**
 * Where Google says that a calendar has changed. It sends headers alone, and is told 200 whatever they hold: whoever guesses learns
 * nothing. What is lost here, to a limit or to a Postgres that is away, the slow poll finds.
 */
export function calendarWebhook(runtime: Runtime): Router {
  const count = (ending: Ending) => runtime.metrics.deliveries.inc({ source: SOURCE, status: ending });
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
      return refuse(res, 405, { code: "method-not-allowed", message: "Messages are sent by POST." });
    }
    const startedMs = performance.now();
    const waitMs = await limit.take(addressKey(req.ip));
    count(waitMs > 0 ? "limited" : await fateOf(runtime, intake, pushIn(req)));
    res.status(200).end();
    runtime.metrics.accept.observe({ source: SOURCE }, (performance.now() - startedMs) / 1_000);
  });
  return router;
}

/** Null when the headers cannot be those of a channel of ours. */
function pushIn(req: Request): Push | null {
  const word = (name: string): string => {
    const value = req.get(name) ?? "";
    return value.length <= MAX_WORD ? value : "";
  };
  const channelId = word("X-Goog-Channel-ID").toLowerCase();
  const push = {
    channelId,
    secret: word("X-Goog-Channel-Token"),
    resourceId: word("X-Goog-Resource-ID"),
    state: word("X-Goog-Resource-State"),
  };
  return UUID.test(channelId) && push.secret && push.resourceId && push.state ? push : null;
}

async function fateOf(
  runtime: Runtime,
  intake: GroupCommit<Push, PushResult>,
  push: Push | null,
): Promise<Ending> {
  if (push === null) return "unknown";
  try {
    return await intake.submit(push);
  } catch (error) {
    runtime.log.warn({ err: error, channel: push.channelId }, "a message of a calendar was not taken");
    return "unavailable";
  }
}

/** Messages that arrive together are looked up and written together. */
function createPushIntake(runtime: Runtime): GroupCommit<Push, PushResult> {
  const write = (pushes: readonly Push[]): Promise<readonly PushResult[]> =>
    runtime.relay.transact((tx) => takePushes(tx, pushes));
  return createGroupCommit({ write, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });
}
