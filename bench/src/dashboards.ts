import { setTimeout as delay } from "node:timers/promises";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { loadDashboard } from "./dashboard-data.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { openDashboards, VIEWER_PASSWORD } from "./open-dashboards.ts";
import { parentOf, processorTimeOfTree } from "./processor-use.ts";
import { type Service, startCommonwork } from "./service.ts";

const OPEN = 20;
const BUYERS = 30_000;
const ENTRIES = 1_000_000;
const RUNS = 100_000;
const NOTIFICATIONS = 10_000_000;
const PER_SECOND = 100;
/** The first polls compile code and fill caches. */
const WARM_UP_MS = 10_000;
const WATCHED_MS = 30_000;

/** What open dashboards cost: processor time while nothing else happens, and latency of commissions. */
export const dashboards: Bench = {
  name: "dashboards",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${OPEN} open overviews with ${ENTRIES * scale} outbox entries, ${RUNS * scale} runs and ${NOTIFICATIONS * scale} notifications: processor time of the api process and of Postgres ` +
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
    // Every second run begins with the open dashboards, so that neither way is always the warmer one.
    await measure({ ...context, runs: context.runs ?? 3 }, () => {
      run += 1;
      return withClone(context, template, (scratch) =>
        measureDashboards(context, scratch, run % 2 === 1 ? ["closed", "open"] : ["open", "closed"]),
      );
    });
  },
};

/** Whether the dashboards are open. */
type Way = "closed" | "open";

type Measured = {
  /** Shares of one core, in percent. */
  readonly api: number;
  readonly postgres: number;
  /** From the 202 to settled, in milliseconds, sorted. */
  readonly latency: readonly number[];
};

async function measureDashboards(
  context: BenchContext,
  scratch: Scratch,
  order: readonly Way[],
): Promise<readonly Figure[]> {
  const environment = { ...latencyEnvironment(context, scratch), VIEWER_PASSWORD };
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({ ...environment, ROLES: "worker", WORKER_QUEUES: "commissions" });
  try {
    const measured = new Map<Way, Measured>();
    for (const way of order) measured.set(way, await measureWay(context, scratch, api, way));
    return figuresOfWays(measured.get("closed") as Measured, measured.get("open") as Measured);
  } finally {
    await worker.stop();
    await api.stop();
  }
}

async function measureWay(
  context: BenchContext,
  scratch: Scratch,
  api: Service,
  way: Way,
): Promise<Measured> {
  const opened = way === "open" ? await openDashboards(api.port, OPEN) : null;
  await delay(WARM_UP_MS);
  const before = opened?.received() ?? 0;
  const use = await watchProcessors(scratch, api);
  const received = (opened?.received() ?? 0) - before;
  if (opened && received < OPEN)
    throw new Error(`${OPEN} dashboards received ${received} parts: none is live.`);
  if (opened)
    context.say(
      `${OPEN} dashboards received ${((1_000 * received) / WATCHED_MS).toFixed(1)} parts per second`,
    );
  const latency = await measureLatency(context, scratch, api.port, BUYERS, way, PER_SECOND);
  opened?.close();
  return { ...use, latency };
}

async function watchProcessors(scratch: Scratch, api: Service): Promise<Pick<Measured, "api" | "postgres">> {
  const [backend] = await scratch.sql("select pg_backend_pid() as pid");
  const postmaster = parentOf(Number(backend?.["pid"]));
  const read = () => [processorTimeOfTree(api.pid), processorTimeOfTree(postmaster)] as const;
  const startedAt = performance.now();
  const [apiBefore, postgresBefore] = read();
  await delay(WATCHED_MS);
  const [apiAfter, postgresAfter] = read();
  const percent = (ms: number) => (100 * ms) / (performance.now() - startedAt);
  return { api: percent(apiAfter - apiBefore), postgres: percent(postgresAfter - postgresBefore) };
}

function figuresOfWays(closed: Measured, open: Measured): readonly Figure[] {
  const [api, postgres] = [open.api - closed.api, open.postgres - closed.postgres];
  const share = (figure: string, value: number): Figure => ({ figure, unit: "% of a core", value });
  return [
    share(`processor time of ${OPEN} open dashboards`, api + postgres),
    share("of it the api process", api),
    share("of it Postgres", postgres),
    share("the api process without dashboards", closed.api),
    share("Postgres without dashboards", closed.postgres),
    {
      figure: "p99 with open dashboards / p99 without",
      unit: "times",
      value: quantile(open.latency, 0.99) / quantile(closed.latency, 0.99),
    },
    ...figuresOf(`202 to settled at ${PER_SECOND}/s, no dashboard`, closed.latency),
    ...figuresOf(`with ${OPEN} open dashboards`, open.latency),
  ];
}
