import type { Request, RequestHandler, Response } from "express";
import { audit } from "../../../db/audit.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sendError } from "../../requests/error-response.ts";
import { addressKey } from "../../requests/rate-limit.ts";
import { sameText } from "../../requests/same-text.ts";
import type { LiveSessions } from "./ended-sessions.ts";
import { reasonBody } from "./reason.ts";
import type { Session } from "./sessions.ts";

export const SESSION_COOKIE = "cw_session";
/** The default names of axios, which Bull Board uses: it copies this cookie into this header. */
export const CSRF_COOKIE = "XSRF-TOKEN";
const CSRF_HEADER = "x-xsrf-token";
const CSRF_FIELD = "_csrf";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const changesState = (req: Request): boolean => !SAFE_METHODS.has(req.method);

/** Whether the response is shown by a browser, not read by a program. */
export const acceptsPage = (req: Request): boolean =>
  !req.path.includes("/api/") && req.accepts(["json", "html"]) === "html";

/** Whether a browser requests a page. */
export const wantsPage = (req: Request): boolean => req.method === "GET" && acceptsPage(req);

/**
 * The address if it is one of the dashboard, else that of its start page, so that a link cannot lead
 * elsewhere.
 */
export function safeTarget(next: unknown): string {
  const here = "http://dashboard.invalid";
  if (typeof next !== "string" || /[\\\s]/.test(next) || !URL.canParse(next, here)) return "/admin";
  const { origin, pathname, search } = new URL(next, here);
  const isOwn = origin === here && /^\/admin(\/|$)/.test(pathname) && !pathname.includes("//");
  return isOwn ? `${pathname}${search}` : "/admin";
}

/** The session of a request behind `requireSession`. */
export function sessionOf(res: Response): Session {
  const { session } = res.locals as { session?: Session };
  if (session === undefined) throw new Error("This route is not behind requireSession.");
  return session;
}

/** The value of a cookie. */
export function cookieOf(req: Request, name: string): string | undefined {
  const pair = (req.headers.cookie ?? "").split(";").find((part) => part.trim().startsWith(`${name}=`));
  return pair?.slice(pair.indexOf("=") + 1).trim();
}

/** Our own pages load scripts, styles and data from this process alone, and have none inline. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self'",
  "frame-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Bull Board has inline styles, a base address, and data images. */
const BOARD_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** The security headers of every page. */
export const secureHeaders: RequestHandler = (req, res, next) => {
  res.set({
    "Content-Security-Policy": /^\/queues(\/|$)/.test(req.path) ? BOARD_POLICY : PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
  });
  if (!req.path.startsWith("/queues/static/")) res.set("Cache-Control", "no-store");
  next();
};

/**
 * Rejects state-changing requests from other origins. Browsers report the origin in headers that pages cannot
 * forge: Sec-Fetch-Site, or Origin in old ones. Other clients send neither, and no cookie of a user either.
 */
export const requireSameOrigin: RequestHandler = (req, res, next) => {
  if (!changesState(req) || isSameOrigin(req)) return next();
  sendError(res, 403, { code: "other-origin", message: "The request comes from another origin." });
};

function isSameOrigin(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  // Checked first: a proxy may have replaced the Host that Origin is compared with.
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.host);
}

/** Requires a session. Browsers are redirected to the login; other clients get 401. */
export function requireSession(sessions: LiveSessions): RequestHandler {
  return async (req, res, next) => {
    const session = await sessions.read(cookieOf(req, SESSION_COOKIE));
    if (session !== null) {
      res.locals.session = session;
      return next();
    }
    if (wantsPage(req)) return res.redirect(303, `/admin/login?next=${encodeURIComponent(req.originalUrl)}`);
    sendError(res, 401, { code: "no-session", message: "Sign in at /admin/login." });
  };
}

/** Only admins may change state, whatever the routes behind it allow. */
export const requireAdminToChange: RequestHandler = (req, res, next) => {
  if (!changesState(req) || sessionOf(res).role === "admin") return next();
  sendError(res, 403, { code: "read-only", message: "The viewer login is read-only. Sign in as admin." });
};

/**
 * Requires the CSRF token of the session, in a header (scripts) or a form field (after a body parser). Pages
 * of other origins cannot read it.
 */
export const requireCsrfToken: RequestHandler = (req, res, next) => {
  if (!changesState(req)) return next();
  const field = (req.body as Record<string, unknown> | undefined)?.[CSRF_FIELD];
  const given = req.get(CSRF_HEADER) ?? (typeof field === "string" ? field : "");
  if (sameText(given, sessionOf(res).csrfToken)) return next();
  sendError(res, 403, {
    code: "no-csrf-token",
    message: `This page belongs to another session: reload it and try again. Programs send the value of the cookie ${CSRF_COOKIE} in the header ${CSRF_HEADER}.`,
  });
};

/**
 * Writes an audit row for each state-changing request of a signed-in user: actor, request, response status,
 * the address that it came from, and the reason if one was given.
 */
export function auditChanges(runtime: Runtime, actorOf: (res: Response) => string | null): RequestHandler {
  return (req, res, next) => {
    if (!changesState(req)) return next();
    const subject = `${req.method} ${req.originalUrl.split("?")[0] ?? ""}`.slice(0, 300);
    res.once("close", () => {
      const actor = actorOf(res);
      // Unauthenticated requests are not recorded: they could flood the table.
      if (actor === null) return;
      const address = addressKey(req.ip);
      const details = { status: res.statusCode, answered: res.writableFinished, address, ...reasonOf(req) };
      audit(runtime.db.drizzle, { actor, action: "admin.request", subject, details }).catch(
        (error: unknown) =>
          runtime.log.error({ err: error, actor, subject, ...details }, "could not write an audit row"),
      );
    });
    next();
  };
}

/** The reason that a request gives, if the audit log may keep it. */
function reasonOf(req: Request): { readonly reason?: string } {
  const given = reasonBody.safeParse(req.body);
  return given.success ? { reason: given.data.reason } : {};
}
