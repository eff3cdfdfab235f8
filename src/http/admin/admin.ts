import { sql } from "drizzle-orm";
import express, { type RequestHandler, Router } from "express";
import { rows } from "../../db/statement.ts";
import { type Html, html } from "../../html.ts";
import { countEntries, type EntryCount } from "../../queues/outbox-counts.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { boards } from "./board.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { emailResults } from "./email-results.ts";
import { emailGallery } from "./emails.ts";
import { liveSessions } from "./ended-sessions.ts";
import { feedMedia } from "./feed-media.ts";
import { feedPages } from "./feeds.ts";
import {
  auditChanges,
  requireAdminToChange,
  requireCsrfToken,
  requireSameOrigin,
  requireSession,
  secureHeaders,
  sessionOf,
  wantsPage,
} from "./guard.ts";
import { loginRoutes, logout } from "./login.ts";
import { page, STYLE } from "./page.ts";
import { rewardRoutes } from "./rewards.ts";
import { scheduleRoutes } from "./schedules.ts";
import { createSessions, type Session } from "./sessions.ts";

/**
 * The operators' pages under /admin. Disabled, with a message, unless ADMIN_PASSWORD or VIEWER_PASSWORD is
 * set.
 */
export function adminRoutes(runtime: Runtime): Router {
  const { adminPassword, viewerPassword } = runtime.config.admin;
  const router = Router();
  router.use(secureHeaders);
  router.get("/style.css", (_req, res) => void res.type("css").send(STYLE));
  // The gallery has made-up content, so in development it needs no login.
  const gallery = emailGallery(runtime);
  if (runtime.config.development) router.use(gallery);
  if (adminPassword === null && viewerPassword === null) return router.use(disabled);
  const sessions = createSessions(runtime.config.admin, runtime.clock);
  const live = liveSessions(runtime, sessions);

  router.use(
    auditChanges(
      runtime,
      (res) => (res.locals.session as Session | undefined)?.role ?? signedInAs(res.locals),
    ),
  );
  router.use(requireSameOrigin);
  router.use(loginRoutes(runtime, sessions, live));

  router.use(requireSession(live));
  // Both roles may sign out. The token is required there too, so that no other site can do it.
  const form = express.urlencoded({ extended: false, limit: "8kb" });
  router.post("/logout", form, requireCsrfToken, logout(live));
  router.use(requireAdminToChange);
  router.use("/queues", requireCsrfToken, boards(runtime));
  router.use(form, requireCsrfToken);
  router.use(deadLetterRoutes(runtime));
  router.use(scheduleRoutes(runtime));
  router.use(rewardRoutes(runtime));
  router.use(gallery);
  router.use(emailResults(runtime));
  router.use(feedMedia(runtime));
  router.use(feedPages(runtime));
  router.get("/", async (_req, res) => {
    const session = sessionOf(res);
    res.type("html").send(page({ title: "Operations", session, body: startPage(await countWork(runtime)) }));
  });
  router.use((req, res, next) => {
    if (!wantsPage(req)) return next();
    const body = html`<p>There is no such page. <a href="/admin">Start page</a></p>`;
    res
      .status(404)
      .type("html")
      .send(page({ title: "Not found", session: sessionOf(res), body }));
  });
  return router;
}

const disabled: RequestHandler = (_req, res) => {
  res
    .status(404)
    .type("text")
    .send("The dashboard is disabled. Set ADMIN_PASSWORD or VIEWER_PASSWORD to enable it.\n");
};

const signedInAs = (locals: Record<string, unknown>): string | null =>
  typeof locals.actor === "string" ? locals.actor : null;

type Sales = { held: number; unresolved: number };
type WorkCounts = Sales & { readonly waiting: string; readonly dead: string };

async function countWork(runtime: Runtime): Promise<WorkCounts | null> {
  try {
    const on = runtime.db.drizzle;
    const [entries, [sales]] = await Promise.all([
      countEntries(on, { from: runtime.relay.beginnings() }),
      rows<Sales>(
        on,
        sql`select (select count(*)::int from token_sales where status = 'held') as held,
                   (select count(*)::int from token_sales where status = 'unresolved') as unresolved`,
      ),
    ]);
    const [dead, waiting] = [true, false].map((isDead) =>
      total(entries.filter(({ state }) => (state === "dead") === isDead)),
    ) as [string, string];
    return { held: 0, unresolved: 0, ...sales, waiting, dead };
  } catch {
    // The page must work while Postgres is down.
    return null;
  }
}

function total(counts: readonly EntryCount[]): string {
  const sum = counts.reduce((all, { count }) => all + count, 0);
  return counts.some(({ isEstimate }) => isEstimate) ? `about ${sum}` : `${sum}`;
}

function startPage(counts: WorkCounts | null): Html {
  const card = (href: string, title: string, text: string) =>
    html`<li><a href="${href}"><strong>${title}</strong><small>${text}</small></a></li>`;
  const ifKnown = (text: (counts: WorkCounts) => string) =>
    counts === null ? "Postgres does not answer." : text(counts);
  return html`<ul class="cards">
${card(
  "/admin/queues",
  "Queues",
  ifKnown(({ waiting }) => `${waiting} entries waiting or running.`),
)}
${card(
  "/admin/dead-letters",
  "Dead letters",
  ifKnown(({ dead }) => `${dead} waiting for an operator.`),
)}
${card("/admin/schedules", "Schedules", "Last and next slots; pause, resume, run now.")}
${card("/admin/emails", "E-mail previews", "Every e-mail with sample content.")}
${card("/admin/email-results", "E-mail results", "Delivery status and experiments.")}
${card("/admin/feeds", "Feeds", "Stored feeds as their users would see them.")}
${card("/health/ready", "Health", "Postgres, Redis and migrations.")}
${card("/metrics", "Metrics", "For Prometheus.")}
</ul>
<p class="dim">${ifKnown(({ held, unresolved }) => `Sales: ${held} held, ${unresolved} with an unknown buyer.`)}</p>`;
}
