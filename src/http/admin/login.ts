import express, { type Response, Router } from "express";
import { html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { addressKey, createRateLimit } from "../rate-limit.ts";
import { CSRF_COOKIE, cookieOf, SESSION_COOKIE } from "./guard.ts";
import { page } from "./page.ts";
import { SESSION_LIMIT_MS, type Sessions } from "./sessions.ts";

/** Login attempts per address: enough for typos, too few for guessing. */
const ATTEMPTS = 10;
const ATTEMPTS_WINDOW_SECONDS = 300;

/** `GET /login` and `POST /login`. */
export function loginRoutes(runtime: Runtime, sessions: Sessions): Router {
  const router = Router();
  const attempts = createRateLimit({
    redis: runtime.producers.redis,
    keyPrefix: `${runtime.config.redisPrefix}:limit:admin-login`,
    burst: ATTEMPTS,
    perSecond: ATTEMPTS / ATTEMPTS_WINDOW_SECONDS,
  });
  router.get("/login", (req, res) => {
    if (sessions.read(cookieOf(req, SESSION_COOKIE))) return res.redirect(303, "/admin");
    showLogin(res, safeTarget(req.query.next), null);
  });
  router.post("/login", express.urlencoded({ extended: false, limit: "8kb" }), async (req, res) => {
    const { login, password, next } = (req.body ?? {}) as Record<string, unknown>;
    const waitMs = await attempts.take(addressKey(req.ip));
    if (waitMs > 0) {
      res.set("Retry-After", String(Math.ceil(waitMs / 1_000)));
      return showLogin(res.status(429), safeTarget(next), "Too many attempts. Wait a few minutes.");
    }
    const role = sessions.check(String(login ?? ""), String(password ?? ""));
    if (role === null) {
      runtime.log.warn("failed login to /admin");
      return showLogin(res.status(401), safeTarget(next), "Wrong login or password.");
    }
    res.locals.actor = role;
    const { session, cookie } = sessions.open(role);
    const attributes = {
      path: "/admin",
      sameSite: "strict",
      secure: req.secure,
      maxAge: SESSION_LIMIT_MS,
    } as const;
    res.cookie(SESSION_COOKIE, cookie, { ...attributes, httpOnly: true });
    // Readable by scripts of our pages, and useless without the session cookie.
    res.cookie(CSRF_COOKIE, session.csrfToken, { ...attributes, httpOnly: false });
    res.redirect(303, safeTarget(next));
  });
  return router;
}

/** Clears the cookies. The session itself expires by its own time. */
export function logout(res: Response): void {
  for (const name of [SESSION_COOKIE, CSRF_COOKIE]) res.clearCookie(name, { path: "/admin" });
  res.redirect(303, "/admin/login");
}

/** A path under /admin, or /admin: prevents open redirects. */
function safeTarget(next: unknown): string {
  const isOwn =
    typeof next === "string" && /^\/admin(\/[\w/.-]*)?(\?[\w=&%.-]*)?$/.test(next) && !next.includes("//");
  return isOwn ? next : "/admin";
}

function showLogin(res: Response, next: string, error: string | null): void {
  const body = html`<form class="card" method="post" action="/admin/login">
<input type="hidden" name="next" value="${next}">
<label>Login<input name="login" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
${error === null ? null : html`<p class="bad" role="alert">${error}</p>`}
<button class="main">Sign in</button>
<p class="dim">admin: full access. viewer: read-only.</p>
</form>`;
  res.type("html").send(page({ title: "Sign in", body, isNarrow: true }));
}
