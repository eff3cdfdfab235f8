import { expect, it } from "vitest";
import { loadCommunity } from "../../bench/src/community.ts";
import { loadDashboard } from "../../bench/src/dashboard-data.ts";
import { VIEWER_PASSWORD } from "../../bench/src/open-dashboards.ts";
import { NOT_READ, READ_PATHS, readPages } from "../../bench/src/read-pages.ts";
import { distributeCommission } from "../../src/workers/commissions/distribute-commission.ts";
import { serve } from "../http/support.ts";
import { appRoutes } from "../support/routes.ts";
import { takeSale } from "../support/sales.ts";
import { createWorld } from "../support/world.ts";

const VOLUNTEERS = 60;

const ADMIN = "GET /admin";

/** Whether a path is answered by a route: `/budgets/1` by `/budgets/:id`. */
const answers = (route: string, path: string): boolean =>
  new RegExp(`^${route.replace(/:\w+/g, "[^/]+")}$`).test(path.split("?")[0] ?? "");

it("the benchmark of the dashboard reads every page, or says why it leaves a route out", async () => {
  const world = await createWorld({ environment: { VIEWER_PASSWORD } });
  const routes = appRoutes(world)
    .filter((route) => route === ADMIN || route.startsWith(`${ADMIN}/`))
    .map((route) => route.slice(ADMIN.length) || "/");
  // A path belongs to the first route that answers it, as in Express.
  const read = new Set(READ_PATHS.map((path) => routes.find((route) => answers(route, path))));
  expect(routes.filter((route) => !read.has(route)).sort()).toEqual(Object.keys(NOT_READ).sort());
});

it("the benchmark of the dashboard reads pages with rows that exist", async () => {
  const world = await createWorld({ environment: { VIEWER_PASSWORD } });
  const scratch = { sql: world.query };
  await loadCommunity(scratch, VOLUNTEERS);
  await loadDashboard(scratch, { entries: 400, runs: 100, notifications: 2_000, users: VOLUNTEERS });
  await takeSale(world, { buyer: { userId: String(VOLUNTEERS) } });
  const [entry] = await world.enqueued(distributeCommission);
  await world.run(distributeCommission, [entry?.id ?? ""]);
  const pages = await readPages(Number(new URL(await serve(world)).port));
  expect(pages.map(({ path }) => path).sort()).toEqual([...READ_PATHS].sort());
});
