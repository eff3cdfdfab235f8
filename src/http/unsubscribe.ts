import { type Request, type Response, Router } from "express";
import { inTransaction } from "../db/transaction.ts";
import { type KnownToken, lookUpToken, tokenIn, unsubscribe } from "../email/unsubscribe.ts";
import { type Html, html } from "../html.ts";
import { knownLanguage } from "../languages/choose-language.ts";
import type { Language } from "../languages/language.ts";
import { type Phrases, phrasesIn } from "../languages/texts.ts";
import { notificationTypeOf } from "../notifications/type-of-event.ts";
import { emailWording } from "../notifications/write-text.ts";
import type { Runtime } from "../roles/runtime.ts";
import { STYLE } from "./pages/style.ts";
import { acceptedLanguage } from "./requests/accepted-language.ts";
import { sendRetryLater } from "./requests/error-response.ts";
import { addressKey, createRateLimit } from "./requests/rate-limit.ts";
import { UNSUBSCRIBE_TEXTS } from "./unsubscribe-texts.ts";

/** Tokens of 32 random bytes cannot be guessed; the limit bounds what guessing costs us. */
const PER_SECOND = 5;
const BURST = 100;

/**
 * `GET /unsubscribe/:token` shows what the link unsubscribes from and changes nothing, since mail scanners
 * follow links. `POST` unsubscribes, idempotently and without login, cookie or redirect: it serves the button
 * of the page and RFC 8058 one-click. Its body is ignored, whatever its type, size or encoding: the link
 * identifies everything.
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
    const reader = readerOf(req, known, publicUrl);
    if (known === null) return showUnknown(res, reader);
    const { plain, language } = reader;
    if (known.isUsed)
      return show(
        res,
        { language, title: plain("usedTitle") },
        html`<p>${scopeText(reader, known.eventType, "used")}</p>
<form method="post"><button>${plain("again")}</button></form>
${settingsLink(reader)}`,
      );
    show(
      res,
      { language, title: plain("confirmTitle") },
      html`<p>${scopeText(reader, known.eventType, "confirm")}</p>
<form method="post"><button class="main">${plain("unsubscribe")}</button></form>
${settingsLink(reader)}`,
    );
  });
  router.post("/unsubscribe/:token", async (req, res) => {
    req.resume();
    const token = tokenIn(req.params.token);
    const now = runtime.clock.now();
    const known =
      token === null ? null : await inTransaction(runtime.db, (tx) => unsubscribe(tx, token, now));
    const reader = readerOf(req, known, publicUrl);
    if (known === null) return showUnknown(res, reader);
    show(
      res,
      { language: reader.language, title: reader.plain("doneTitle") },
      html`<p>${scopeText(reader, known.eventType, "done")}</p>
${settingsLink(reader)}`,
    );
  });
  return router;
}

/** Who reads the page: the texts in their language, and the address of the platform. */
type PageReader = Phrases<typeof UNSUBSCRIBE_TEXTS.english> & {
  readonly language: Language;
  readonly publicUrl: string;
};

/** The language of the user whose link it is, or that of the browser. */
function readerOf(req: Request, known: KnownToken | null, publicUrl: string): PageReader {
  const language = knownLanguage(known?.language ?? null) ?? acceptedLanguage(req);
  return { ...phrasesIn(language, UNSUBSCRIBE_TEXTS), language, publicUrl };
}

/** What the link stops: e-mail of one type, or all e-mail. */
function scopeText(
  { plain, language }: PageReader,
  eventType: string,
  text: "confirm" | "used" | "done",
): string {
  if (eventType === "*") return plain(`${text}All`);
  const type = notificationTypeOf(eventType);
  const about = type && emailWording(type, language)?.about;
  return plain(text, { about: about ?? plain("unknownAbout") });
}

const settingsLink = ({ plain, publicUrl }: PageReader): Html =>
  html`<p class="dim"><a href="${publicUrl}/settings/notifications">${plain("settings")}</a></p>`;

function showUnknown(res: Response, reader: PageReader): void {
  const { plain, language } = reader;
  show(
    res.status(404),
    { language, title: plain("unknownTitle") },
    html`<p>${plain("unknown")}</p>
${settingsLink(reader)}`,
  );
}

type PageHead = { readonly language: Language; readonly title: string };

/** A page for users, separate from the operators' pages and their headers. */
function show(res: Response, { language, title }: PageHead, body: Html): void {
  res.set({
    "Content-Security-Policy":
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
    "Content-Language": language.tag,
    Vary: "Accept-Language",
  });
  res.type("html").send(
    html`<!doctype html>
<html lang="${language.tag}" dir="${language.direction}">
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
