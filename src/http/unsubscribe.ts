import express, { type Response, Router } from "express";
import { inTransaction } from "../db/transaction.ts";
import { isToken, lookUpToken, unsubscribe } from "../email/unsubscribe.ts";
import { type Html, html } from "../html.ts";
import { notificationTypeOf } from "../notifications/type-of-event.ts";
import type { Runtime } from "../roles/runtime.ts";
import { STYLE } from "./admin/page.ts";
import { refuseForNow } from "./error-response.ts";
import { addressKey, createRateLimit } from "./rate-limit.ts";

/** Nobody guesses 32 random bytes; this keeps whoever tries from costing much. */
const PER_SECOND = 5;
const BURST = 100;

/**
 * `GET /unsubscribe/:token` shows what would end and changes nothing: mail scanners follow links. `POST` ends it, as often as it comes,
 * without a login, a cookie or a redirect: the page's button and RFC 8058's one click are the same request.
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
    refuseForNow(
      res,
      429,
      { code: "too-many-requests", message: "Too many tries. Come again later." },
      waitMs,
    );
  });
  router.get("/unsubscribe/:token", async (req, res) => {
    const { token } = req.params;
    const known = isToken(token) ? await lookUpToken(runtime.db.drizzle, token) : null;
    if (known === null) return unknown(res, publicUrl);
    if (known.isUsed) return stoppedBefore(res, known.eventType, publicUrl);
    show(
      res,
      "Stop these e-mails?",
      html`<p>You will get no more ${subjectOf(known.eventType)}. In the app nothing changes.</p>
<form method="post"><button class="main">Stop them</button></form>
<p class="dim"><a href="${publicUrl}/settings/notifications">Choose what you get</a></p>`,
    );
  });
  router.post(
    "/unsubscribe/:token",
    express.urlencoded({ extended: false, limit: "4kb" }),
    async (req, res) => {
      const { token } = req.params;
      const now = runtime.clock.now();
      const known = isToken(token)
        ? await inTransaction(runtime.db, (tx) => unsubscribe(tx, token, now))
        : null;
      if (known === null) return unknown(res, publicUrl);
      show(
        res,
        "Done",
        html`<p>You get no more ${subjectOf(known.eventType)}.</p>
<p class="dim"><a href="${publicUrl}/settings/notifications">Change your mind</a></p>`,
      );
    },
  );
  return router;
}

const subjectOf = (eventType: string): string =>
  eventType === "*"
    ? "e-mail from us, except what we must send you"
    : `e-mail about ${notificationTypeOf(eventType)?.email?.about ?? "this"}`;

/** Whoever has chosen otherwise since may follow the link once more. */
function stoppedBefore(res: Response, eventType: string, publicUrl: string): void {
  show(
    res,
    "Stopped before",
    html`<p>This link has stopped ${subjectOf(eventType)}. If you have chosen to get it again since, you can stop it again.</p>
<form method="post"><button>Stop again</button></form>
<p class="dim"><a href="${publicUrl}/settings/notifications">Choose what you get</a></p>`,
  );
}

function unknown(res: Response, publicUrl: string): void {
  show(
    res.status(404),
    "This link is not valid",
    html`<p>It may be damaged, or it was taken back.</p>
<p><a href="${publicUrl}/settings/notifications">Choose what you get</a></p>`,
  );
}

/** A page of its own: whoever reads it has no part in the operators' pages. */
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
