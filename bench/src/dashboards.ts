import { setTimeout as delay } from "node:timers/promises";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { loadDashboard } from "./dashboard-data.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { openDashboards, VIEWER_PASSWORD } from "./open-dashboards.ts";
import { parentOf, processorTimeOfTree } from "./processor-use.ts";
import { type PageRead, readPages } from "./read-pages.ts";
import { type Service, startCommonwork } from "./service.ts";

const OPEN = 20;
const BUYERS = 30_000;
const ENTRIES = 1_000_000;
const RUNS = 100_000;
const NOTIFICATIONS = 10_000_000;
const PER_SECOND = 100;
/** The first polls compile code and fill caches. */
const WARM_UP_MS = 5_000;
const WATCHED_MS = 20_000;

/** What open dashboards cost: processor time while nothing else happens, and latency of commissions. */
export const dashboards: Bench = {
  name: "dashboards",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${OPEN} open dashboards (half of them overviews) with ${ENTRIES * scale} outbox entries, ${RUNS * scale} runs and ${NOTIFICATIONS * scale} notifications: processor time of the api process and of Postgres ` +
    `with them less that without, while nothing else happens; 202 to settled at ${PER_SECOND} sales/s, with and without them. api and worker as two processes; Postgres and Redis on the same machine.`,
  async run(context) {
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, async (scratch) => {
      await loadCommunity(scratch, BUYERS);
      await loadDashboard(scratch, {
        entries: Math.round(ENTRIES * context.scale),
        runs: Math.round(RUNS * context.scale),
        notifications: Math.round(NOTIFICATIONS * context.scale),
        users: BUYERS,
      });
    });
    await context.loaded();
    let run = 0;
    await measure({ ...context, runs: context.runs ?? 3 }, () => {
      run += 1;
      const order: readonly Way[] = run % 2 === 1 ? ["closed", "open"] : ["open", "closed"];
      return withClone(context, template, (scratch) => measureDashboards(context, scratch, order));
    });
  },
};

/** Whether the dashboards are open. */
type Way = "closed" | "open";

/** Shares of one core, in percent. */
type Shares = { readonly api: number; readonly postgres: number };

/** @param order which way sales are sent first: alternately, so that neither is always the warmer one. */
async function measureDashboards(
  context: BenchContext,
  scratch: Scratch,
  order: readonly Way[],
): Promise<readonly Figure[]> {
  const environment = { ...latencyEnvironment(context, scratch), VIEWER_PASSWORD };
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({ ...environment, ROLES: "worker", WORKER_QUEUES: "commissions" });
  try {
    const shares = await watchBothWays(context, scratch, api);
    const latency = new Map<Way, readonly number[]>();
    for (const way of order) {
      const opened = way === "open" ? await openDashboards(api.port, OPEN) : null;
      latency.set(way, await measureLatency(context, scratch, api.port, BUYERS, way, PER_SECOND));
      opened?.close();
    }
    // After the sales, whose pages are read too.
    const pages = await readPages(api.port);
    sayPages(context, pages);
    return [
      ...figuresOfShares(shares),
      ...figuresOfLatency(latency.get("closed") ?? [], latency.get("open") ?? []),
      { figure: `slowest of ${pages.length} pages`, unit: "ms", value: pages[0]?.ms ?? Number.NaN },
    ];
  } finally {
    await worker.stop();
    await api.stop();
  }
}

const SLOWEST = 5;

const sayPages = (context: BenchContext, pages: readonly PageRead[]): void =>
  context.say(
    `slowest pages: ${pages
      .slice(0, SLOWEST)
      .map(({ path, ms }) => `${path} ${Math.round(ms)} ms`)
      .join(", ")}`,
  );

/** Twice each way, with what comes first last: a drift of the machine counts for both. */
async function watchBothWays(
  context: BenchContext,
  scratch: Scratch,
  api: Service,
): Promise<Record<Way, Shares>> {
  const seen: Record<Way, Shares[]> = { closed: [], open: [] };
  for (const way of ["closed", "open", "open", "closed"] as const) {
    const opened = way === "open" ? await openDashboards(api.port, OPEN) : null;
    await delay(WARM_UP_MS);
    const before = opened?.received() ?? 0;
    const fetchedBefore = opened?.fetched() ?? 0;
    seen[way].push(await watchProcessors(scratch, api));
    if (opened) sayReceived(context, opened.received() - before, opened.fetched() - fetchedBefore);
    opened?.close();
  }
  return { closed: meanOf(seen.closed), open: meanOf(seen.open) };
}

/** @throws Error if the dashboards do not change: nothing was measured then. */
function sayReceived(context: BenchContext, parts: number, fetched: number): void {
  if (parts < OPEN)
    throw new Error(`${OPEN} dashboards received ${parts} parts: they do not follow the service.`);
  context.say(
    `${OPEN} dashboards received ${((1_000 * parts) / WATCHED_MS).toFixed(1)} parts per second and fetched ${fetched} pages anew`,
  );
}

const meanOf = (shares: readonly Shares[]): Shares => {
  const mean = (of: keyof Shares) => shares.reduce((sum, each) => sum + each[of], 0) / shares.length;
  return { api: mean("api"), postgres: mean("postgres") };
};

async function watchProcessors(scratch: Scratch, api: Service): Promise<Shares> {
  const [backend] = await scratch.sql("select pg_backend_pid() as pid");
  const postmaster = parentOf(Number(backend?.["pid"]));
  const read = () => ({ api: processorTimeOfTree(api.pid), postgres: processorTimeOfTree(postmaster) });
  const startedAt = performance.now();
  const before = read();
  await delay(WATCHED_MS);
  const after = read();
  const percent = (ms: number) => (100 * ms) / (performance.now() - startedAt);
  return { api: percent(after.api - before.api), postgres: percent(after.postgres - before.postgres) };
}

function figuresOfShares({ closed, open }: Record<Way, Shares>): readonly Figure[] {
  const [api, postgres] = [open.api - closed.api, open.postgres - closed.postgres];
  const share = (figure: string, value: number): Figure => ({ figure, unit: "% of a core", value });
  return [
    share(`processor time of ${OPEN} open dashboards`, api + postgres),
    share("of it the api process", api),
    share("of it Postgres", postgres),
    share("the api process without dashboards", closed.api),
    share("Postgres without dashboards", closed.postgres),
  ];
}

const figuresOfLatency = (closed: readonly number[], open: readonly number[]): readonly Figure[] => [
  {
    figure: "p99 with open dashboards / p99 without",
    unit: "times",
    value: quantile(open, 0.99) / quantile(closed, 0.99),
  },
  ...figuresOf(`202 to settled at ${PER_SECOND}/s, no dashboard`, closed),
  ...figuresOf(`with ${OPEN} open dashboards`, open),
];
