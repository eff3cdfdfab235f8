import { sql } from "drizzle-orm";
import express, { type RequestHandler, Router } from "express";
import { rows } from "../../db/statement.ts";
import { type Html, html } from "../../html.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { boards } from "./board.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { emailResults } from "./email-results.ts";
import { emailGallery } from "./emails.ts";
import {
  auditChanges,
  requireAdminToChange,
  requireCsrfToken,
  requireSameOrigin,
  requireSession,
  secureHeaders,
  sessionOf,
} from "./guard.ts";
import { loginRoutes, logout } from "./login.ts";
import { page, STYLE } from "./page.ts";
import { rewardRoutes } from "./rewards.ts";
import { createSessions, type Session } from "./sessions.ts";

/** The operators' part, under /admin. Off, with a clear text, while neither ADMIN_PASSWORD nor VIEWER_PASSWORD is set. */
export function adminRoutes(runtime: Runtime): Router {
  const { adminPassword, viewerPassword } = runtime.config.admin;
  const router = Router();
  router.use(secureHeaders);
  router.get("/style.css", (_req, res) => void res.type("css").send(STYLE));
  // Made-up letters: whoever writes one looks at it without signing in.
  const gallery = emailGallery(runtime);
  if (runtime.config.development) router.use(gallery);
  if (adminPassword === null && viewerPassword === null) return router.use(off);
  const sessions = createSessions(runtime.config.admin, runtime.clock);

  router.use(
    auditChanges(runtime, (res) => (res.locals.session as Session | undefined)?.role ?? actorOf(res.locals)),
  );
  router.use(requireSameOrigin);
  router.use(loginRoutes(runtime, sessions));

  router.use(requireSession(sessions));
  // Everybody may leave; the token is asked for there too, so that nobody else makes them.
  const form = express.urlencoded({ extended: false, limit: "8kb" });
  router.post("/logout", form, requireCsrfToken, (_req, res) => logout(res));
  router.use(requireAdminToChange);
  router.use("/queues", requireCsrfToken, boards(runtime));
  router.use(form, requireCsrfToken);
  router.use(deadLetterRoutes(runtime));
  router.use(rewardRoutes(runtime));
  router.use(gallery);
  router.use(emailResults(runtime));
  router.get("/", async (_req, res) => {
    const session = sessionOf(res);
    res.type("html").send(page({ title: "Operations", session, body: startPage(await countWork(runtime)) }));
  });
  return router;
}

const off: RequestHandler = (_req, res) => {
  res
    .status(404)
    .type("text")
    .send("The dashboard is off. Set ADMIN_PASSWORD or VIEWER_PASSWORD to turn it on.\n");
};

const actorOf = (locals: Record<string, unknown>): string | null =>
  typeof locals.actor === "string" ? locals.actor : null;

type Counts = { waiting: number; dead: number; held: number; unresolved: number };

async function countWork(runtime: Runtime): Promise<Counts | null> {
  try {
    const [counts] = await rows<Counts>(
      runtime.db.drizzle,
      sql`select (select count(*)::int from outbox where dead_at is null) as waiting,
                 (select count(*)::int from outbox where dead_at is not null) as dead,
                 (select count(*)::int from token_sales where status = 'held') as held,
                 (select count(*)::int from token_sales where status = 'unresolved') as unresolved`,
    );
    return counts ?? null;
  } catch {
    // The page is needed most when something is down.
    return null;
  }
}

function startPage(counts: Counts | null): Html {
  const card = (href: string, title: string, text: string) =>
    html`<li><a href="${href}"><strong>${title}</strong><small>${text}</small></a></li>`;
  const known = (text: (counts: Counts) => string) =>
    counts === null ? "Postgres does not answer." : text(counts);
  return html`<ul class="cards">
${card(
  "/admin/queues",
  "Queues",
  known(({ waiting }) => `${waiting} entries wait or run.`),
)}
${card(
  "/admin/dead-letters",
  "Dead letters",
  known(({ dead }) => `${dead} wait for a person.`),
)}
${card("/admin/emails", "E-mail", "How each letter looks.")}
${card("/admin/email-results", "Results of e-mail", "How it ended, and what experiments brought.")}
${card("/health/ready", "Health", "Postgres, Redis, migrations.")}
${card("/metrics", "Metrics", "For Prometheus.")}
</ul>
<p class="dim">${known(({ held, unresolved }) => `Sales: ${held} held, ${unresolved} of buyers that are not known yet.`)}</p>`;
}
