import { type Response, Router } from "express";
import { html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { renderSample, SAMPLE_NAMES } from "./email-samples.ts";
import type { AdminPage } from "./frame/navigation.ts";
import { showBarePage, showPage } from "./frame/page.ts";

/** An e-mail has inline styles and is framed by a page of ours; it may load nothing and run nothing. */
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
 * and `/text`.
 */
export function emailGallery(runtime: Runtime): Router {
  const { publicUrl } = runtime.config;
  const router = Router();
  // In development the gallery needs no session.
  const show = (res: Response, title: string, body: ReturnType<typeof html>) =>
    res.locals.session ? showPage(res, { title, body }) : showBarePage(res, { title, body });
  router.get("/emails", (_req, res) => {
    const cards = SAMPLE_NAMES.map(
      (name) =>
        html`<li><a href="/admin/emails/${name}"><strong>${name}</strong><small>${renderSample(name, publicUrl)?.subject}</small></a></li>`,
    );
    show(
      res,
      "E-mail previews",
      html`<p class="dim">Every e-mail with sample content.</p><ul class="cards">${cards}</ul>`,
    );
  });
  router.get("/emails/:name", (req, res, next) => {
    const { name } = req.params;
    const email = renderSample(name, publicUrl);
    if (!email) return next();
    show(
      res,
      name,
      html`<p><a href="/admin/emails">All previews</a> · <a href="/admin/emails/${name}/html">HTML</a> · <a href="/admin/emails/${name}/text">Plain text</a></p>
<p>Subject: <strong>${email.subject}</strong></p>
<iframe class="email" title="${email.subject}" src="/admin/emails/${name}/html" sandbox></iframe>
<h2>Plain text</h2>
<pre class="card">${email.text}</pre>`,
    );
  });
  router.get("/emails/:name/html", (req, res, next) => {
    const email = renderSample(req.params.name, publicUrl);
    if (!email) return next();
    res.set({ "Content-Security-Policy": EMAIL_POLICY, "X-Frame-Options": "SAMEORIGIN" });
    res.type("html").send(email.html);
  });
  router.get("/emails/:name/text", (req, res, next) => {
    const email = renderSample(req.params.name, publicUrl);
    if (email) res.type("text").send(email.text);
    else next();
  });
  return router;
}
