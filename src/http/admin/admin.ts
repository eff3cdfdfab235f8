import express, { type RequestHandler, Router } from "express";
import { html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { Gauges } from "../metrics/gauges.ts";
import { liveSessions } from "./access/ended-sessions.ts";
import {
  auditChanges,
  requireAdminToChange,
  requireCsrfToken,
  requireSameOrigin,
  requireSession,
  secureHeaders,
  wantsPage,
} from "./access/guard.ts";
import { createSessions, type Session } from "./access/sessions.ts";
import { bullBoard } from "./board/board.ts";
import { emailGallery } from "./emails.ts";
import { feedMedia } from "./feed-media.ts";
import { assetRoutes } from "./frame/assets.ts";
import { errorPages } from "./frame/error-page.ts";
import { knowPages, requirePageRole } from "./frame/navigation.ts";
import { showPage } from "./frame/page.ts";
import { liveStream } from "./live-stream.ts";
import { loginRoutes, logout } from "./login.ts";
import { PAGES } from "./pages.ts";
import { rewardRoutes } from "./rewards.ts";
import { createSnapshots } from "./snapshot/snapshot.ts";

export type AdminOptions = {
  readonly gauges: Gauges;
  /** Aborts when the server closes, which ends the streams of pages. */
  readonly closing: AbortSignal;
};

/**
 * The operators' pages under /admin. Disabled, with a message, unless there is a login: ADMIN_PASSWORD,
 * OPERATOR_PASSWORDS or VIEWER_PASSWORD.
 */
export function adminRoutes(runtime: Runtime, { gauges, closing }: AdminOptions): Router {
  const { adminPassword, viewerPassword, operators } = runtime.config.admin;
  const router = Router();
  router.use((_req, res, next) => {
    res.locals["beganMs"] = performance.now();
    next();
  });
  router.use(secureHeaders, errorPages);
  router.use(assetRoutes({ mayBeKept: !runtime.config.development }));
  // The gallery has made-up content, so in development it needs no login.
  if (runtime.config.development) router.use(emailGallery(runtime));
  if (adminPassword === null && viewerPassword === null && operators.length === 0)
    return router.use(disabled);
  const sessions = createSessions(runtime.config.admin, runtime.clock);
  const live = liveSessions(runtime, sessions);

  router.use(
    auditChanges(
      runtime,
      (res) => (res.locals.session as Session | undefined)?.login ?? signedInAs(res.locals),
    ),
  );
  router.use(requireSameOrigin);
  router.use(loginRoutes(runtime, sessions, live));

  router.use(requireSession(live), knowPages(PAGES));
  // Both roles may sign out. The token is required there too, so that no other site can do it.
  const form = express.urlencoded({ extended: false, limit: "8kb" });
  router.post("/logout", form, requireCsrfToken, logout(live));
  router.use(requireAdminToChange);
  router.use("/queues", requireCsrfToken, bullBoard(runtime));
  router.use(form, requireCsrfToken);
  router.use(rewardRoutes(runtime));
  router.use(feedMedia(runtime));
  const snapshots = createSnapshots(runtime, gauges);
  router.get("/stream", liveStream({ snapshots, sessions: live, log: runtime.log, closing }));
  for (const page of PAGES) {
    if (page.path !== "/") router.use(page.path, requirePageRole(page));
    router.use(page.routes(runtime, { snapshots }));
  }
  router.use((req, res, next) => {
    if (!wantsPage(req)) return next();
    const body = html`<p>There is no such page. <a href="/admin">Start page</a></p>`;
    showPage(res.status(404), { title: "Not found", body });
  });
  return router;
}

const disabled: RequestHandler = (_req, res) => {
  res
    .status(404)
    .type("text")
    .send(
      "The dashboard is disabled. Set ADMIN_PASSWORD, OPERATOR_PASSWORDS or VIEWER_PASSWORD to enable it.\n",
    );
};

const signedInAs = (locals: Record<string, unknown>): string | null =>
  typeof locals.actor === "string" ? locals.actor : null;
