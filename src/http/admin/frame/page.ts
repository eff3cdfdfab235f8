import type { Response } from "express";
import { type Html, html } from "../../../html.ts";
import { VERSION } from "../../../version.ts";
import { sessionOf } from "../access/guard.ts";
import type { Session } from "../access/sessions.ts";
import { assetUrl } from "./assets.ts";
import { OUTAGE, regionHtml } from "./elements.ts";
import { navigationHtml } from "./navigation.ts";

export type PageOptions = {
  readonly title: string;
  readonly body: Html;
  /** The pages above this one: `["Runs", "/admin/runs"]`. */
  readonly above?: readonly (readonly [title: string, href: string])[];
  /** Shown beside the heading: a badge, a link. */
  readonly aside?: Html | null;
  /**
   * Whether the stream updates parts of the page (`regionHtml`): true, the query of the stream, or
   * `following` with the tables whose changes reload the page.
   */
  readonly live?: boolean | string;
  /** Whether the page has charts (`chartHtml`). Default: whether the stream updates it as a whole. */
  readonly hasCharts?: boolean;
};

/** Sends one of the operators' pages to a signed-in user, in the frame that all pages share. */
export function showPage(res: Response, options: PageOptions): void {
  const session = sessionOf(res);
  tellDuration(res);
  const { title, body, above = [], aside = null, live = false, hasCharts = live === true } = options;
  const trail = above.map(
    ([name, href]) => html`<a href="${href}">${name}</a><span aria-hidden="true">/</span>`,
  );
  const content = html`<a class="skip" href="#main">Skip to content</a>
<header class="top"><button class="menu" type="button" popovertarget="navigation">Menu</button><a class="mark" href="/admin">Commonwork</a>
<form method="post" action="/admin/logout">${hiddenToken(session)}<span>${session.login}${session.login === session.role ? null : html` (${session.role})`}</span><button>Sign out</button></form></header>
<div class="columns">${navigationHtml(res, session)}
<main id="main" tabindex="-1"${streamHtml(live)}>
${above.length > 0 ? html`<p class="trail">${trail}</p>` : null}
<div class="heading"><h1>${title}</h1>${live === false || aside === null ? aside : regionHtml("aside", aside)}</div>
${live === false ? null : regionHtml(OUTAGE, html``)}${body}
<footer><span data-zone>Times are in UTC.</span><span>Commonwork ${VERSION}</span></footer>
</main></div>`;
  res.type("html").send(documentOf(title, content, hasCharts));
}

/** The query of the stream for a page that is reloaded when one of these tables has changed. */
export const following = (...tables: readonly string[]): string =>
  tables.map((table) => `of=${table}`).join("&");

const streamHtml = (live: boolean | string): Html | null =>
  live === false ? null : html` data-stream="/admin/stream${typeof live === "string" ? `?${live}` : ""}"`;

/** How long the page took: an expensive page is reloaded less often. */
function tellDuration(res: Response): void {
  const { beganMs } = res.locals as { beganMs?: number };
  if (beganMs !== undefined) res.set("Server-Timing", `page;dur=${(performance.now() - beganMs).toFixed(1)}`);
}

/** Sends a page to a visitor who is not signed in. */
export function showBarePage(res: Response, { title, body }: Pick<PageOptions, "title" | "body">): void {
  const content = html`<header class="top"><span class="mark">Commonwork</span></header>
<main class="narrow"><h1>${title}</h1>
${body}
</main>`;
  res.type("html").send(documentOf(title, content, false));
}

function documentOf(title: string, content: Html, hasCharts: boolean): string {
  const charts = html`<link rel="stylesheet" href="${assetUrl("uplot.css")}">
<script src="${assetUrl("uplot.js")}" defer></script>
`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} · Commonwork</title>
<link rel="stylesheet" href="${assetUrl("style.css")}">
${hasCharts ? charts : null}<script src="${assetUrl("admin.js")}" defer></script>
</head>
<body>
${content}
</body>
</html>
`.html;
}

/** The form field with the CSRF token: see `requireCsrfToken`. */
export const hiddenToken = (session: Session): Html =>
  html`<input type="hidden" name="_csrf" value="${session.csrfToken}">`;
