import { type Request, type Response, Router } from "express";
import { type Html, html } from "../../html.ts";
import { languageOf } from "../../languages/choose-language.ts";
import { LANGUAGES } from "../../languages/index.ts";
import { ENGLISH, type Language } from "../../languages/language.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { renderSample, SAMPLE_NAMES } from "./email-samples.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showBarePage, showPage } from "./frame/page.ts";

/** An e-mail has inline styles and is framed by our page; it may load nothing and run nothing. */
const EMAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox";

/** Previews of e-mails. */
export const emailsPage: AdminPage = {
  path: "/emails",
  title: "E-mail previews",
  section: "Areas",
  role: "viewer",
  routes: emailGallery,
};

/**
 * Previews of every e-mail: `GET /emails`, `GET /emails/:name`, and the e-mail itself as `/emails/:name/html`
 * and `/text`. The parameter `language` chooses the language.
 */
export function emailGallery(runtime: Runtime): Router {
  const { publicUrl } = runtime.config;
  const router = Router();
  // In development the gallery needs no session.
  const show = (res: Response, title: string, body: ReturnType<typeof html>) =>
    res.locals.session ? showPage(res, { title, body }) : showBarePage(res, { title, body });
  router.get("/emails", (req, res) => {
    const language = languageIn(req);
    const cards = SAMPLE_NAMES.map(
      (name) =>
        html`<li><a href="/admin/emails/${name}${queryOf(language)}"><strong>${name}</strong><small lang="${language.tag}">${renderSample(name, publicUrl, language)?.subject}</small></a></li>`,
    );
    show(
      res,
      "E-mail previews",
      html`<p class="dim">Every e-mail with sample content.</p><p>${languageLinks("/admin/emails", language)}</p><ul class="cards">${cards}</ul>`,
    );
  });
  router.get("/emails/:name", (req, res, next) => {
    const { name } = req.params;
    const language = languageIn(req);
    const email = renderSample(name, publicUrl, language);
    if (!email) return next();
    const path = `/admin/emails/${name}`;
    const query = queryOf(language);
    show(
      res,
      name,
      html`<p><a href="/admin/emails${query}">All previews</a> · <a href="${path}/html${query}">HTML</a> · <a href="${path}/text${query}">Plain text</a> · ${languageLinks(path, language)}</p>
<p>Subject: <strong>${email.subject}</strong></p>
<iframe class="email" title="${email.subject}" src="${path}/html${query}" sandbox></iframe>
<h2>Plain text</h2>
<pre class="card">${email.text}</pre>`,
    );
  });
  router.get("/emails/:name/html", (req, res, next) => {
    const email = renderSample(req.params.name, publicUrl, languageIn(req));
    if (!email) return next();
    res.set({ "Content-Security-Policy": EMAIL_POLICY, "X-Frame-Options": "SAMEORIGIN" });
    res.type("html").send(email.html);
  });
  router.get("/emails/:name/text", (req, res, next) => {
    const email = renderSample(req.params.name, publicUrl, languageIn(req));
    if (email) res.type("text").send(email.text);
    else next();
  });
  return router;
}

function languageIn(req: Request): Language {
  const { language } = req.query;
  return languageOf(typeof language === "string" ? language : null);
}

/** Links to the page in the other languages. */
const languageLinks = (path: string, current: Language): Html =>
  html`${LANGUAGES.filter((language) => language !== current).map(
    (language) => html`<a href="${path}${queryOf(language)}" lang="${language.tag}">${nameOf(language)}</a> `,
  )}`;

const queryOf = (language: Language): string => (language === ENGLISH ? "" : `?language=${language.tag}`);

/** The name of a language in itself: `Deutsch`. */
const nameOf = ({ tag }: Language): string => new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag;
