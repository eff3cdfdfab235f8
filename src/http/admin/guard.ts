import type { Request, RequestHandler, Response } from "express";
import { audit } from "../../db/audit.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { refuse } from "../error-response.ts";
import { type Session, type Sessions, sameText } from "./sessions.ts";

export const SESSION_COOKIE = "cw_session";
/** The names that axios, and so Bull Board, mirrors without being told. */
export const CSRF_COOKIE = "XSRF-TOKEN";
const CSRF_HEADER = "x-xsrf-token";
const CSRF_FIELD = "_csrf";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const changesState = (req: Request): boolean => !SAFE_METHODS.has(req.method);

/** The session that `requireSession` found. */
export function sessionOf(res: Response): Session {
  const { session } = res.locals as { session?: Session };
  if (session === undefined) throw new Error("This route is not behind requireSession.");
  return session;
}

/** The value of a cookie, by hand: two cookies need no parser. */
export function cookieOf(req: Request, name: string): string | undefined {
  const pair = (req.headers.cookie ?? "").split(";").find((part) => part.trim().startsWith(`${name}=`));
  return pair?.slice(pair.indexOf("=") + 1).trim();
}

/** Headers of every page here. Bull Board sets styles from scripts and shows images from data; our own pages need neither. */
export const secureHeaders: RequestHandler = (req, res, next) => {
  const board = req.path.startsWith("/queues");
  res.set({
    "Content-Security-Policy": [
      "default-src 'self'",
      `style-src 'self'${board ? " 'unsafe-inline'" : ""}`,
      `script-src ${board ? "'self'" : "'none'"}`,
      "img-src 'self' data:",
      "object-src 'none'",
      "base-uri 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; "),
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
 * What changes something must come from a page of ours. Browsers say where a request comes from, and no page can make them lie;
 * those too old for it name the origin at least. Programs other than browsers say nothing, and carry nobody else's cookie.
 */
export const requireSameOrigin: RequestHandler = (req, res, next) => {
  if (!changesState(req) || isFromOurs(req)) return next();
  refuse(res, 403, { code: "other-origin", message: "This request comes from a page of somebody else." });
};

function isFromOurs(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  // A proxy may have replaced the Host that an origin is compared with, so this goes first.
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.host);
}

/** Lets a request through that carries a session. People are sent to the login, programs are told. */
export function requireSession(sessions: Sessions): RequestHandler {
  return (req, res, next) => {
    const session = sessions.read(cookieOf(req, SESSION_COOKIE));
    if (session !== null) {
      res.locals.session = session;
      return next();
    }
    const forPeople =
      req.method === "GET" && !req.path.includes("/api/") && req.accepts(["json", "html"]) === "html";
    if (forPeople) return res.redirect(303, `/admin/login?next=${encodeURIComponent(req.originalUrl)}`);
    refuse(res, 401, { code: "no-session", message: "Sign in at /admin/login." });
  };
}

/** Viewers change nothing, whatever the pages behind this may think. */
export const requireAdminToChange: RequestHandler = (req, res, next) => {
  if (!changesState(req) || sessionOf(res).role === "admin") return next();
  refuse(res, 403, { code: "read-only", message: "This login may look, not act. Sign in as admin." });
};

/**
 * The second half of the double submit: the token of the session, which only a page of ours can read, comes back in a header
 * (scripts) or in a field (forms, once they are parsed).
 */
export const requireCsrfToken: RequestHandler = (req, res, next) => {
  if (!changesState(req)) return next();
  const field = (req.body as Record<string, unknown> | undefined)?.[CSRF_FIELD];
  const given = req.get(CSRF_HEADER) ?? (typeof field === "string" ? field : "");
  if (sameText(given, sessionOf(res).csrfToken)) return next();
  refuse(res, 403, {
    code: "no-csrf-token",
    message: `Send the value of the cookie ${CSRF_COOKIE} as ${CSRF_HEADER}.`,
  });
};

/** Leaves a row for each request that may have changed something: who, what, and with which answer. */
export function auditChanges(runtime: Runtime, actorOf: (res: Response) => string | null): RequestHandler {
  return (req, res, next) => {
    if (!changesState(req)) return next();
    const subject = `${req.method} ${req.originalUrl.split("?")[0] ?? ""}`.slice(0, 300);
    res.once("close", () => {
      const actor = actorOf(res);
      // Strangers are not written down: whoever can fill a table of ours can hide in it.
      if (actor === null) return;
      const details = { status: res.statusCode, answered: res.writableFinished };
      audit(runtime.db.drizzle, { actor, action: "admin.request", subject, details }).catch(
        (error: unknown) =>
          runtime.log.error(
            { err: error, actor, subject, ...details },
            "an operator's action has no audit row",
          ),
      );
    });
    next();
  };
}
