import { Router } from "express";
import { type Html, html } from "../../../html.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { notice, regionHtml, section } from "../frame/elements.ts";
import type { AdminPage, Dashboard } from "../frame/navigation.ts";
import { showPage } from "../frame/page.ts";
import { queueRoutes } from "./queue.ts";
import { overviewRegions, type Regions } from "./regions.ts";

/** The start page. */
export const overviewPage: AdminPage = {
  path: "/",
  title: "Overview",
  section: "Now",
  role: "viewer",
  routes: overviewRoutes,
};

/** `GET /`: waiting, running and failing work, and the servers. `GET /queue/:queue`: one queue. */
function overviewRoutes(runtime: Runtime, { snapshots }: Dashboard): Router {
  const router = Router();
  router.get("/", async (_req, res) => {
    // The page must work while Postgres is down.
    const snapshot = await snapshots.read().catch(() => null);
    showPage(res, {
      title: "Overview",
      live: true,
      body:
        snapshot === null
          ? notice("Postgres does not answer.", "bad")
          : overviewBody(overviewRegions(snapshot)),
    });
  });
  router.use(queueRoutes(runtime, snapshots));
  return router;
}

function overviewBody(regions: Regions): Html {
  const region = (name: string): Html => regionHtml(name, regions.get(name) ?? html``);
  return html`${region("tiles")}
${section("Alerts", region("alerts"))}
${region("paused")}
${section("Queues", region("queues"))}
${section("Last three hours", region("charts"))}
${section("Running now", region("running"))}
${region("servers")}`;
}
