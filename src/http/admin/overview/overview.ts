import { sql } from "drizzle-orm";
import { Router } from "express";
import { rows } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { countEntries, type EntryCount } from "../../../queues/outbox-counts.ts";
import { listRuns } from "../../../queues/runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { notice, section, tiles } from "../frame/elements.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { showPage } from "../frame/page.ts";
import { runTable } from "../runs/run-table.ts";

/** The start page. */
export const overviewPage: AdminPage = {
  path: "/",
  title: "Overview",
  section: "Now",
  role: "viewer",
  routes: overviewRoutes,
};

const RUNNING_SHOWN = 20;

/** `GET /`: what waits, what runs, what is dead. */
function overviewRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/", async (_req, res) => {
    showPage(res, { title: "Overview", body: await overviewBody(runtime) });
  });
  return router;
}

/** The page must work while Postgres is down. */
async function overviewBody(runtime: Runtime): Promise<Html> {
  try {
    const on = runtime.db.drizzle;
    const [entries, [sales], running] = await Promise.all([
      countEntries(on, { from: runtime.relay.beginnings() }),
      rows<Sales>(
        on,
        sql`select (select count(*)::int from token_sales where status = 'held') as held,
                   (select count(*)::int from token_sales where status = 'unresolved') as unresolved`,
      ),
      listRuns(on, { status: "running" }, RUNNING_SHOWN),
    ]);
    const now = runtime.clock.now();
    return html`${workTiles(entries, { held: 0, unresolved: 0, ...sales })}
${section("Running now", runTable(running, now, "No run is in progress."))}`;
  } catch {
    return notice("Postgres does not answer.", "bad");
  }
}

type Sales = { held: number; unresolved: number };

function workTiles(entries: readonly EntryCount[], { held, unresolved }: Sales): Html {
  const waiting = total(entries.filter(({ state }) => state !== "dead"));
  const dead = total(entries.filter(({ state }) => state === "dead"));
  return tiles([
    { label: "Waiting or running", value: waiting, note: "entries" },
    {
      label: "Dead letters",
      value: dead,
      note: "wait for an operator",
      href: "/admin/dead-letters",
      ...(dead === "0" ? {} : { tone: "bad" }),
    },
    { label: "Sales held", value: `${held}`, note: "wait for a decision" },
    { label: "Sales unresolved", value: `${unresolved}`, note: "with an unknown buyer" },
  ]);
}

function total(counts: readonly EntryCount[]): string {
  const sum = counts.reduce((all, { count }) => all + count, 0);
  return counts.some(({ isEstimate }) => isEstimate) ? `about ${sum}` : `${sum}`;
}
