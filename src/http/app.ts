import express, { type Express } from "express";
import type { SaleIntake } from "../intake/sales.ts";
import type { Runtime } from "../roles/runtime.ts";
import { adminRoutes } from "./admin/admin.ts";
import { calendarRoutes } from "./api/calendar-connections.ts";
import { explainRoutes } from "./api/explain.ts";
import { ledgerRoutes } from "./api/ledger.ts";
import { matchRoutes } from "./api/matches.ts";
import { preferenceRoutes } from "./api/notification-preferences.ts";
import type { StreamPace } from "./api/notification-streams.ts";
import { notificationRoutes } from "./api/notifications.ts";
import { referralRoutes } from "./api/referrals.ts";
import { answerErrors, notFound } from "./errors.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";
import { unsubscribeRoutes } from "./unsubscribe.ts";
import { eventsWebhook } from "./webhooks/domain-events.ts";
import { calendarWebhook } from "./webhooks/google-calendar.ts";
import { resendWebhook } from "./webhooks/resend.ts";
import { saleWebhook } from "./webhooks/scicent-sale.ts";

export type AppOptions = {
  /** Whether the workers of this process take work; without workers there is nothing to judge. */
  readonly isConsuming?: () => boolean;
  /** Says that the server closes: answers that would never end, end. */
  readonly closing?: AbortSignal;
  /** How often streams of notifications look and say that they are alive, where not as usual. */
  readonly streamPace?: StreamPace;
  /** Where sales go instead of Postgres: a benchmark measures the app without it. */
  readonly intake?: SaleIntake;
};

/** Everything that this service answers over HTTP. */
export function createApp(runtime: Runtime, options: AppOptions = {}): Express {
  const app = express();
  app.disable("x-powered-by");
  // No answer is worth a second look by its hash, and hashing each costs more than most of them.
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("trust proxy", runtime.config.trustedProxies);
  // Before any parser: its signature is over the bytes.
  app.use(saleWebhook(runtime, options.intake));
  app.use(eventsWebhook(runtime));
  app.use(resendWebhook(runtime));
  app.use(unsubscribeRoutes(runtime));
  app.use(healthRoutes(runtime, options.isConsuming ?? (() => true)));
  app.use(metricsRoutes(runtime));
  app.use(calendarWebhook(runtime));
  app.use("/admin", adminRoutes(runtime));
  app.use(
    "/api/v1",
    referralRoutes(runtime),
    ledgerRoutes(runtime),
    explainRoutes(runtime),
    calendarRoutes(runtime),
    matchRoutes(runtime),
    notificationRoutes(runtime, options.closing ?? new AbortController().signal, options.streamPace),
    preferenceRoutes(runtime),
  );
  app.use(notFound);
  app.use(answerErrors(runtime.log));
  return app;
}
