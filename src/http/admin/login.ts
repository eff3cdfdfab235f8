import express, { type Request, type RequestHandler, type Response, Router } from "express";
import { audit } from "../../db/audit.ts";
import { html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { addressKey, createRateLimit, type RateLimit } from "../requests/rate-limit.ts";
import type { LiveSessions } from "./access/ended-sessions.ts";
import { CSRF_COOKIE, cookieOf, SESSION_COOKIE, safeTarget, sessionOf } from "./access/guard.ts";
import { DEVICE_LIMIT_MS, type Login, SESSION_LIMIT_MS, type Sessions } from "./access/sessions.ts";
import { showBarePage } from "./frame/page.ts";

/** Failed logins: enough for typos, too few for guessing. */
const ATTEMPTS = 10;
/** Failed logins for one login name, from all addresses together. */
const ATTEMPTS_OF_LOGIN = 50;
const ATTEMPTS_WINDOW_SECONDS = 300;
const DEVICE_COOKIE = "cw_device";

/** `GET /login` and `POST /login`. */
export function loginRoutes(runtime: Runtime, sessions: Sessions, live: LiveSessions): Router {
  const router = Router();
  const limits = loginLimits(runtime);
  const { logins } = runtime.metrics;
  router.get("/login", async (req, res) => {
    if (await live.read(cookieOf(req, SESSION_COOKIE))) return res.redirect(303, "/admin");
    showLogin(res, safeTarget(req.query.next), null);
  });
  router.post("/login", express.urlencoded({ extended: false, limit: "8kb" }), async (req, res) => {
    const { login, password, next } = (req.body ?? {}) as Record<string, unknown>;
    const name = String(login ?? "");
    const attempt = {
      name: sessions.isKnown(name) ? name : "unknown",
      address: addressKey(req.ip),
      device: sessions.deviceOf(cookieOf(req, DEVICE_COOKIE), name),
    };
    const waitMs = await limits.take(attempt);
    if (waitMs > 0) {
      logins.inc({ outcome: "limited" });
      res.set("Retry-After", String(Math.ceil(waitMs / 1_000)));
      return showLogin(res.status(429), safeTarget(next), "Too many attempts. Wait a few minutes.");
    }
    const signedIn = sessions.check(name, String(password ?? ""));
    logins.inc({ outcome: signedIn === null ? "rejected" : "accepted" });
    if (signedIn === null) {
      await recordFailure(runtime, attempt);
      return showLogin(res.status(401), safeTarget(next), "Wrong login or password.");
    }
    limits.refund(attempt);
    res.locals.actor = signedIn.name;
    openSession(req, res, sessions, signedIn);
    res.redirect(303, safeTarget(next));
  });
  return router;
}

type Attempt = {
  /** An existing login, or `unknown`. */
  readonly name: string;
  readonly address: string;
  /** The browser, if this login was used in it before. */
  readonly device: string | null;
};

/**
 * Limits per address and per login. A browser that has signed in before has a limit of its own, so that
 * nobody can lock the operator out by guessing, not even from the address of the same proxy. Only failures
 * count.
 */
function loginLimits({ producers, config }: Runtime) {
  const limitOf = (name: string, burst: number) =>
    createRateLimit({
      redis: producers.redis,
      keyPrefix: `${config.redisPrefix}:limit:admin-login-${name}`,
      burst,
      perSecond: burst / ATTEMPTS_WINDOW_SECONDS,
    });
  const byDevice = limitOf("device", ATTEMPTS);
  const byAddress = limitOf("address", ATTEMPTS);
  const byName = limitOf("name", ATTEMPTS_OF_LOGIN);
  const keysOf = ({ name, address, device }: Attempt): [RateLimit, string][] =>
    device === null
      ? [
          [byAddress, address],
          [byName, name],
        ]
      : [[byDevice, device]];
  return {
    /** @returns how many milliseconds to wait, or 0. */
    async take(attempt: Attempt): Promise<number> {
      for (const [limit, key] of keysOf(attempt)) {
        const waitMs = await limit.take(key);
        if (waitMs > 0) return waitMs;
      }
      return 0;
    },
    refund(attempt: Attempt): void {
      for (const [limit, key] of keysOf(attempt)) limit.refund(key);
    },
  };
}

/** The limits bound how many rows an attacker can cause. */
async function recordFailure({ db, log }: Runtime, { name, address }: Attempt): Promise<void> {
  log.warn({ login: name, address }, "failed login to /admin");
  try {
    await audit(db.drizzle, {
      actor: "anonymous",
      action: "admin.login-failed",
      subject: `login:${name}`,
      details: { address },
    });
  } catch (error) {
    log.error({ err: error }, "could not write an audit row");
  }
}

function openSession(req: Request, res: Response, sessions: Sessions, login: Login): void {
  const { session, cookie } = sessions.open(login);
  const attributes = { path: "/admin", sameSite: "strict", secure: req.secure } as const;
  const ofSession = { ...attributes, maxAge: SESSION_LIMIT_MS };
  res.cookie(SESSION_COOKIE, cookie, { ...ofSession, httpOnly: true });
  // Readable by scripts of our pages, and useless without the session cookie.
  res.cookie(CSRF_COOKIE, session.csrfToken, { ...ofSession, httpOnly: false });
  res.cookie(DEVICE_COOKIE, sessions.markDevice(login), {
    ...attributes,
    maxAge: DEVICE_LIMIT_MS,
    httpOnly: true,
  });
}

/** Ends the session, also for copies of its cookie. */
export const logout = (live: LiveSessions): RequestHandler => {
  return async (_req, res) => {
    await live.end(sessionOf(res));
    for (const name of [SESSION_COOKIE, CSRF_COOKIE]) res.clearCookie(name, { path: "/admin" });
    res.redirect(303, "/admin/login");
  };
};

function showLogin(res: Response, next: string, error: string | null): void {
  const body = html`<form class="card" method="post" action="/admin/login">
<input type="hidden" name="next" value="${next}">
<label>Login<input name="login" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
${error === null ? null : html`<p class="bad" role="alert">${error}</p>`}
<button class="main">Sign in</button>
<p class="dim">admin may make changes. viewer is read-only.</p>
</form>`;
  showBarePage(res, { title: "Sign in", body });
}
