import type { RequestHandler, Response, Router } from "express";
import { type Html, html } from "../../../html.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sendError } from "../../requests/error-response.ts";
import { sessionOf } from "../access/guard.ts";
import type { AdminRole, Session } from "../access/sessions.ts";
import type { Snapshots } from "../snapshot/snapshot.ts";

/** The groups of the navigation, in order. */
const SECTIONS = ["Now", "Work", "Areas", "Records"] as const;

/** A page of the dashboard: its entry in the navigation, and its routes. */
export type AdminPage = {
  /** Below /admin. The page itself is `GET` of it; what belongs to it lies below it. */
  readonly path: `/${string}`;
  /** In the navigation. */
  readonly title: string;
  readonly section: (typeof SECTIONS)[number];
  /** Who may open it: `viewer` means both roles. Changing anything needs the role admin on every page. */
  readonly role: AdminRole;
  /** Routes with their paths below /admin. */
  readonly routes: (runtime: Runtime, dashboard: Dashboard) => Router;
};

/** What the pages of one process share. */
export type Dashboard = {
  readonly snapshots: Snapshots;
};

const mayOpen = ({ role }: Pick<AdminPage, "role">, session: Session): boolean =>
  role === "viewer" || session.role === role;

/** Refuses a page, and everything below it, to those who may not open it. */
export const requirePageRole =
  (page: AdminPage): RequestHandler =>
  (_req, res, next) => {
    if (mayOpen(page, sessionOf(res))) return next();
    sendError(res, 403, { code: "read-only", message: "The viewer login is read-only. Sign in as admin." });
  };

/** Passes the pages to the frame, which shows those that the session may open. */
export const knowPages =
  (pages: readonly AdminPage[]): RequestHandler =>
  (_req, res, next) => {
    res.locals.pages = pages;
    next();
  };

const pagesOf = (res: Response): readonly AdminPage[] =>
  (res.locals as { pages?: readonly AdminPage[] }).pages ?? [];

/** The page whose path is the longest prefix of a path below /admin. */
function currentPage(pages: readonly AdminPage[], path: string): AdminPage | undefined {
  const isAt = (page: AdminPage) =>
    page.path === "/" ? path === "/" : path === page.path || path.startsWith(`${page.path}/`);
  return pages.filter(isAt).sort((a, b) => b.path.length - a.path.length)[0];
}

/** The navigation for the session of a response. On narrow screens it opens from a button. */
export function navigationHtml(res: Response, session: Session): Html {
  const pages = pagesOf(res).filter((page) => mayOpen(page, session));
  const current = currentPage(pages, pathBelowAdmin(res));
  const groups = SECTIONS.map((section) => ({
    section,
    members: pages.filter((page) => page.section === section),
  })).filter(({ members }) => members.length > 0);
  return html`<nav id="navigation" popover aria-label="Pages">${groups.map(
    ({ section, members }) =>
      html`<div class="group"><h2>${section}</h2><ul>${members.map((page) => linkHtml(page, page === current))}</ul></div>`,
  )}</nav>`;
}

const linkHtml = ({ path, title }: AdminPage, isCurrent: boolean): Html =>
  html`<li><a href="/admin${path === "/" ? "" : path}"${isCurrent ? html` aria-current="page"` : null}>${title}</a></li>`;

function pathBelowAdmin(res: Response): string {
  const [path = ""] = res.req.originalUrl.split("?");
  return path.replace(/^\/admin\/?/, "/").replace(/(.)\/$/, "$1");
}
