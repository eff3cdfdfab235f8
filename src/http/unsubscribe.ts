import { type Response, Router } from "express";
import { inTransaction } from "../db/transaction.ts";
import { lookUpToken, tokenIn, unsubscribe } from "../email/unsubscribe.ts";
import { type Html, html } from "../html.ts";
import { notificationTypeOf } from "../notifications/type-of-event.ts";
import type { Runtime } from "../roles/runtime.ts";
import { STYLE } from "./admin/frame/style.ts";
import { sendRetryLater } from "./error-response.ts";
import { addressKey, createRateLimit } from "./rate-limit.ts";

/** Tokens of 32 random bytes cannot be guessed; the limit bounds what guessing costs us. */
const PER_SECOND = 5;
const BURST = 100;

/**
 * `GET /unsubscribe/:token` shows what the link unsubscribes from and changes nothing, since mail scanners
 * follow links. `POST` unsubscribes, idempotently and without login, cookie or redirect: it serves the button
 * of the page and RFC 8058 one-click. Its body is ignored, whatever its type, size or encoding: the link says
 * everything.
 */
export function unsubscribeRoutes(runtime: Runtime): Router {
  const { publicUrl } = runtime.config;
  const router = Router();
  const limit = createRateLimit({
    redis: runtime.producers.redis,
    keyPrefix: `${runtime.config.redisPrefix}:limit:unsubscribe`,
    burst: BURST,
    perSecond: PER_SECOND,
  });
  router.use("/unsubscribe", async (req, res, next) => {
    const waitMs = await limit.take(addressKey(req.ip));
    if (waitMs <= 0) return next();
    sendRetryLater(
      res,
      429,
      { code: "too-many-requests", message: "Too many requests. Try again later." },
      waitMs,
    );
  });
  router.get("/unsubscribe/:token", async (req, res) => {
    const token = tokenIn(req.params.token);
    const known = token === null ? null : await lookUpToken(runtime.db.drizzle, token);
    if (known === null) return showUnknown(res, publicUrl);
    if (known.isUsed) return showAlreadyUsed(res, known.eventType, publicUrl);
    show(
      res,
      "Unsubscribe?",
      html`<p>You will no longer receive ${subjectOf(known.eventType)}. Notifications in the app stay as they are.</p>
<form method="post"><button class="main">Unsubscribe</button></form>
<p class="dim"><a href="${publicUrl}/settings/notifications">Notification settings</a></p>`,
    );
  });
  router.post("/unsubscribe/:token", async (req, res) => {
    req.resume();
    const token = tokenIn(req.params.token);
    const now = runtime.clock.now();
    const known =
      token === null ? null : await inTransaction(runtime.db, (tx) => unsubscribe(tx, token, now));
    if (known === null) return showUnknown(res, publicUrl);
    show(
      res,
      "Unsubscribed",
      html`<p>You will no longer receive ${subjectOf(known.eventType)}.</p>
<p class="dim"><a href="${publicUrl}/settings/notifications">Notification settings</a></p>`,
    );
  });
  return router;
}

const subjectOf = (eventType: string): string =>
  eventType === "*"
    ? "e-mail from us, except messages that we are required to send"
    : `e-mail about ${notificationTypeOf(eventType)?.email?.about ?? "this"}`;

/** The user may have subscribed again since, so the link can be used again. */
function showAlreadyUsed(res: Response, eventType: string, publicUrl: string): void {
  show(
    res,
    "Already unsubscribed",
    html`<p>This link already unsubscribed you from ${subjectOf(eventType)}. If you have subscribed again since, you can unsubscribe again.</p>
<form method="post"><button>Unsubscribe again</button></form>
<p class="dim"><a href="${publicUrl}/settings/notifications">Notification settings</a></p>`,
  );
}

function showUnknown(res: Response, publicUrl: string): void {
  show(
    res.status(404),
    "Invalid link",
    html`<p>The link is incomplete, or it has been revoked.</p>
<p><a href="${publicUrl}/settings/notifications">Notification settings</a></p>`,
  );
}

/** A page for users, separate from the operators' pages and their headers. */
function show(res: Response, title: string, body: Html): void {
  res.set({
    "Content-Security-Policy":
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
  });
  res.type("html").send(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Commonwork</title>
<style>${{ html: STYLE }}</style>
</head>
<body><header><span class="mark">Commonwork</span></header><main class="narrow"><h1>${title}</h1>
${body}
</main></body>
</html>
`.html,
  );
}
