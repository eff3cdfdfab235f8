import { type Response, Router } from "express";
import { html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { renderSample, SAMPLE_NAMES } from "./email-samples.ts";
import { page } from "./page.ts";
import type { Session } from "./sessions.ts";

/**
 * A letter of ours has its styles on its elements and is shown inside of a page of ours; nothing else may come with it, and its links
 * open elsewhere.
 */
const LETTER_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox";

/** How every e-mail looks: `GET /emails`, `GET /emails/:name`, and the letter itself as `/emails/:name/html` and `/text`. */
export function emailGallery(runtime: Runtime): Router {
  const { publicUrl } = runtime.config;
  const router = Router();
  const show = (res: Response, title: string, body: ReturnType<typeof html>) => {
    const { session } = res.locals as { session?: Session };
    res.type("html").send(page({ title, body, ...(session ? { session } : {}) }));
  };
  router.get("/emails", (_req, res) => {
    const cards = SAMPLE_NAMES.map(
      (name) =>
        html`<li><a href="/admin/emails/${name}"><strong>${name}</strong><small>${renderSample(name, publicUrl)?.subject}</small></a></li>`,
    );
    show(
      res,
      "E-mail",
      html`<p class="dim">Every e-mail with made-up content.</p><ul class="cards">${cards}</ul>`,
    );
  });
  router.get("/emails/:name", (req, res, next) => {
    const { name } = req.params;
    const letter = renderSample(name, publicUrl);
    if (!letter) return next();
    show(
      res,
      name,
      html`<p><a href="/admin/emails">All e-mail</a> · <a href="/admin/emails/${name}/html">alone</a> · <a href="/admin/emails/${name}/text">as text</a></p>
<p>Subject: <strong>${letter.subject}</strong></p>
<iframe class="letter" title="${letter.subject}" src="/admin/emails/${name}/html" sandbox></iframe>
<h2>As plain text</h2>
<pre class="card">${letter.text}</pre>`,
    );
  });
  router.get("/emails/:name/html", (req, res, next) => {
    const letter = renderSample(req.params.name, publicUrl);
    if (!letter) return next();
    res.set({ "Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN" });
    res.type("html").send(letter.html);
  });
  router.get("/emails/:name/text", (req, res, next) => {
    const letter = renderSample(req.params.name, publicUrl);
    if (letter) res.type("text").send(letter.text);
    else next();
  });
  return router;
}
