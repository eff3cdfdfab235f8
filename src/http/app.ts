import express, { type Express, type RequestHandler } from "express";
import type { SaleIntake } from "../intake/sales.ts";
import { warnThrottled } from "../log.ts";
import type { Runtime } from "../roles/runtime.ts";
import { adminRoutes } from "./admin/admin.ts";
import { userAuth } from "./api/auth.ts";
import { calendarRoutes } from "./api/calendar-connections.ts";
import { changesRoutes } from "./api/changes.ts";
import { explainRoutes } from "./api/explain.ts";
import { feedRoutes } from "./api/feed.ts";
import { jobPostingRoutes } from "./api/job-postings.ts";
import { ledgerRoutes } from "./api/ledger.ts";
import { matchRoutes } from "./api/matches.ts";
import { preferenceRoutes } from "./api/notification-preferences.ts";
import type { StreamIntervals } from "./api/notification-streams.ts";
import { notificationRoutes } from "./api/notifications.ts";
import { peopleRoutes } from "./api/people.ts";
import { recommendationRoutes } from "./api/recommendations.ts";
import { referralRoutes } from "./api/referrals.ts";
import { searchRoutes } from "./api/search.ts";
import { trendingRoutes } from "./api/trending.ts";
import { apiDocsRoutes } from "./api-docs.ts";
import { allowOrigins } from "./cors.ts";
import { errorHandler, notFound } from "./errors.ts";
import { healthRoutes } from "./health.ts";
import { scrapedGauges } from "./metrics/gauges.ts";
import { metricsRoutes } from "./metrics/metrics.ts";
import { countLimited } from "./requests/count-limited.ts";
import { unsubscribeRoutes } from "./unsubscribe.ts";
import { eventsWebhook } from "./webhooks/domain-events.ts";
import { engagementWebhook } from "./webhooks/engagement.ts";
import { calendarWebhook } from "./webhooks/google-calendar.ts";
import { recordsWebhook } from "./webhooks/records.ts";
import { resendWebhook } from "./webhooks/resend.ts";
import { refundWebhook } from "./webhooks/scicent-refund.ts";
import { saleWebhook } from "./webhooks/scicent-sale.ts";

export type AppOptions = {
  /** Whether the workers of this process make progress. Default: true, for a process without workers. */
  readonly isAlive?: () => boolean;
  /** Aborts when the server closes, which ends streaming responses. */
  readonly closing?: AbortSignal;
  /** Overrides the intervals of notification streams. */
  readonly streamIntervals?: StreamIntervals;
  /** How long the gauges read from Postgres and Redis are served again. */
  readonly metricsCacheMs?: number;
  /** Replaces the intake of sales: a benchmark measures the app without Postgres. */
  readonly intake?: SaleIntake;
};

/**
 * For every response: browsers must not guess its type. Warns about a proxy that the configuration does not
 * know.
 */
function securityBasics({ config, log }: Runtime): RequestHandler {
  const unknownProxy = warnThrottled(
    log,
    "X-Forwarded-For arrives while TRUST_PROXY is 0: all clients of the proxy share one rate limit. Set TRUST_PROXY to the number of proxies.",
  );
  return (req, res, next) => {
    res.setHeader("X-Content-Type-Options", "nosniff");
    if (config.trustedProxies === 0 && req.headers["x-forwarded-for"] !== undefined)
      unknownProxy.warn(undefined);
    next();
  };
}

/** The Express app with every route of the service. */
export function createApp(runtime: Runtime, options: AppOptions = {}): Express {
  const app = express();
  app.disable("x-powered-by");
  // Clients do not revalidate these responses, and hashing each costs more than producing most of them.
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("trust proxy", runtime.config.trustedProxies);
  app.use(securityBasics(runtime));
  app.use(countLimited(runtime.metrics));
  // Mounted before any body parser: signatures are over the raw bytes.
  app.use(saleWebhook(runtime, options.intake));
  app.use(refundWebhook(runtime));
  app.use(eventsWebhook(runtime));
  app.use(engagementWebhook(runtime));
  app.use(recordsWebhook(runtime));
  app.use(resendWebhook(runtime));
  app.use(unsubscribeRoutes(runtime));
  app.use(healthRoutes(runtime, options.isAlive ?? (() => true)));
  app.use(apiDocsRoutes());
  const gauges = scrapedGauges(runtime, options.metricsCacheMs);
  const closing = options.closing ?? new AbortController().signal;
  app.use(metricsRoutes(runtime, gauges));
  app.use(calendarWebhook(runtime));
  app.use("/admin", adminRoutes(runtime, { gauges, closing }));
  // Before the routes for users: it has another kind of authentication, and no CORS.
  app.use(changesRoutes(runtime));
  const auth = userAuth(runtime);
  app.use(
    "/api/v1",
    allowOrigins(runtime.config.allowedOrigins),
    referralRoutes(runtime, auth),
    ledgerRoutes(runtime, auth),
    explainRoutes(runtime, auth),
    calendarRoutes(runtime, auth),
    matchRoutes(runtime, auth),
    peopleRoutes(runtime, auth),
    feedRoutes(runtime, auth),
    trendingRoutes(runtime, auth),
    // Its paths come before those of a posting, whose id may be any text.
    recommendationRoutes(runtime, auth),
    jobPostingRoutes(runtime, auth),
    searchRoutes(runtime, auth),
    notificationRoutes(runtime, auth, closing, options.streamIntervals),
    preferenceRoutes(runtime, auth),
  );
  app.use(notFound);
  app.use(errorHandler(runtime.log));
  return app;
}
