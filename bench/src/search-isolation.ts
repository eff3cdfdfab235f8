import { SignJWT } from "jose";
import { inTransaction } from "../../src/db/transaction.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import { profileSearchIndex } from "../../src/workers/matching/people/profile-search-index.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { makeTemplate, openScratch, type Scratch } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { closedLoop } from "./load-client.ts";
import { loadProfiles, SEARCHED } from "./search-data.ts";
import { startCommonwork } from "./service.ts";

const PEOPLE = 1_000_000;
const BUYERS = 30_000;
const PER_SECOND = 100;
const AT_ONCE = 50;
/** Searches of one round, each by another user, since each user may search 60 times a minute. */
const ROUND = 2_000;
const SECRET = "the secret of the tokens of the benchmark";
const LIMIT_MS = 30 * 60_000;

/** Latency of commissions while the api process answers fifty searches at once. */
export const searchIsolation: Bench = {
  name: "search-isolation",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `202 to settled at ${PER_SECOND} sales/s, api and worker as two processes, idle and while the api answers searches among ${PEOPLE * scale} profiles over ${AT_ONCE} connections; Postgres and Redis on the same machine.`,
  async run(context) {
    const people = Math.max(BUYERS, Math.round(PEOPLE * context.scale));
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, async (scratch) => {
      await loadCommunity(scratch, BUYERS);
      await loadProfiles(scratch, people);
    });
    await context.loaded();
    await measure({ ...context, runs: context.runs ?? 3 }, () => measureIsolation(context, template, people));
  },
};

async function measureIsolation(
  context: BenchContext,
  template: string,
  people: number,
): Promise<readonly Figure[]> {
  const scratch = await openScratch(context.databaseUrl, template);
  const environment = { ...latencyEnvironment(context, scratch), AUTH_JWT_SECRET: SECRET };
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({
    ...environment,
    ROLES: "worker",
    WORKER_QUEUES: "commissions,matching",
  });
  await buildIndex(scratch);
  const latency = (name: string) => measureLatency(context, scratch, api.port, BUYERS, name, PER_SECOND);
  const idle = await latency("idle");
  const searching = searchOverAndOver(api.port, people);
  const busy = await latency("searching");
  const searches = await searching.stop();
  await worker.stop();
  await api.stop();
  await scratch.drop();
  return [
    {
      figure: "p99 during searches / p99 idle",
      unit: "times",
      value: quantile(busy, 0.99) / quantile(idle, 0.99),
    },
    { figure: "searches answered", unit: "1/s", value: searches },
    ...figuresOf(`202 to settled at ${PER_SECOND}/s, idle`, idle),
    ...figuresOf("while the api answers searches", busy),
  ];
}

async function buildIndex(scratch: Scratch): Promise<void> {
  const id = await inTransaction(scratch.db, (tx) => startRun(tx, profileSearchIndex, {}));
  const run = await followRun(scratch.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
  if (run.status !== "done") throw new Error(`the run is ${run.status}: ${run.error}`);
}

/** Searches until it is stopped. `stop` returns how many were answered per second. */
function searchOverAndOver(port: number, people: number): { stop(): Promise<number> } {
  let stopped = false;
  const run = async () => {
    let [answered, tookMs] = [0, 0];
    for (let round = 0; !stopped; round++) {
      const result = await closedLoop(port, await searchesOf(round, people), AT_ONCE);
      if ([...result.statuses.keys()].some((status) => status !== 200))
        throw new Error(`searches got ${JSON.stringify([...result.statuses])}`);
      answered += result.answered;
      tookMs += result.tookMs;
    }
    return (1_000 * answered) / tookMs;
  };
  const running = run();
  return {
    stop() {
      stopped = true;
      return running;
    },
  };
}

const QUERIES = [
  SEARCHED.common,
  SEARCHED.medium,
  SEARCHED.rare,
  SEARCHED.firstName(3),
  `${SEARCHED.lastName(40)}x`,
];

async function searchesOf(round: number, people: number): Promise<Buffer[]> {
  const expiresAt = Math.floor(Date.now() / 1_000) + 600;
  return Promise.all(
    Array.from({ length: Math.min(ROUND, people) }, async (_, n) => {
      const user = 1 + ((round * ROUND + n) % people);
      const token = await new SignJWT({ exp: expiresAt })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(String(user))
        .sign(new TextEncoder().encode(SECRET));
      const path = `/api/v1/search/profiles?q=${QUERIES[n % QUERIES.length]}`;
      return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n\r\n`);
    }),
  );
}
