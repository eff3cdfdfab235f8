import { setTimeout as delay } from "node:timers/promises";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { startRun } from "../../src/queues/manual-runs.ts";
import { loadRun } from "../../src/queues/runs.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { matchScores } from "../../src/workers/matching/people/match-scores.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { makeTemplate, openScratch, type Scratch } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { sayLoopDelaysAt } from "./loop-delays.ts";
import { loadPeople } from "./people-data.ts";
import { startCommonwork } from "./service.ts";
import { loadSkills, planSkills, SKILLS } from "./skills.ts";

const BUYERS = 30_000;
const VOLUNTEERS = 1_000_000;
const PROJECTS = 10_000;
const PEOPLE = 100_000;
const PER_SECOND = 100;
const LONGEST_WAIT_MS = 120_000;

/** Latency of commissions while the same process recomputes all matches. */
export const isolation: Bench = {
  name: "isolation",
  describe: ({ scale }) =>
    `202 to settled at ${PER_SECOND} sales/s, api and worker as two processes, idle and during a recompute of ${VOLUNTEERS * scale} volunteers x ` +
    `${PROJECTS * scale} projects (8 of ${SKILLS} skills each) by the same worker; Postgres and Redis on the same machine.`,
  run: (context) =>
    measureAll(context, {
      load: (scratch) => {
        const volunteers = Math.max(Math.round(VOLUNTEERS * context.scale), BUYERS);
        return loadSkills(scratch, planSkills(volunteers, Math.round(PROJECTS * context.scale)));
      },
      recompute: (tx) => startRun(tx, calculateMatches, { full: true }),
    }),
};

/** Latency of commissions while the same process computes the lists of people for people. */
export const pairIsolation: Bench = {
  name: "pair-isolation",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `202 to settled at ${PER_SECOND} sales/s, api and worker as two processes, idle and while the same worker computes all pair scores of ${PEOPLE * scale} users; ` +
    "Postgres and Redis on the same machine.",
  run: (context) =>
    measureAll(context, {
      load: (scratch) => loadPeople(scratch, Math.max(Math.round(PEOPLE * context.scale), BUYERS)),
      recompute: (tx) => startRun(tx, matchScores, { full: true }),
    }),
};

type Recompute = {
  readonly load: (scratch: Scratch) => Promise<void>;
  /** @returns the id of the run. */
  readonly recompute: (tx: Tx) => Promise<string>;
};

async function measureAll(context: BenchContext, { load, recompute }: Recompute): Promise<void> {
  context.say("loading");
  const template = await makeTemplate(context.databaseUrl, async (scratch) => {
    await loadCommunity(scratch, BUYERS);
    await load(scratch);
  });
  await context.loaded();
  await measure({ ...context, runs: context.runs ?? 3 }, () =>
    measureIsolation(context, template, recompute),
  );
}

async function measureIsolation(
  context: BenchContext,
  template: string,
  recompute: Recompute["recompute"],
): Promise<readonly Figure[]> {
  const scratch = await openScratch(context.databaseUrl, template);
  const environment = latencyEnvironment(context, scratch);
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({
    ...environment,
    ROLES: "worker",
    WORKER_QUEUES: "commissions,matching",
  });
  const latency = (name: string) => measureLatency(context, scratch, api.port, BUYERS, name, PER_SECOND);
  const idle = await latency("idle");
  const runId = await inTransaction(scratch.db, recompute);
  const reading = await latency("reading");
  await untilRangesAreStored(scratch, runId);
  const storing = await latency("storing");
  // The recompute has to outlast the measurement.
  const run = await loadRun(scratch.db.drizzle, runId);
  context.say(`the recompute is ${run?.status}, ${run?.pending} of ${run?.total} ranges are left`);
  if (run?.status !== "running")
    throw new Error("The recompute ended during the measurement: choose a larger scale.");
  await sayLoopDelaysAt(context, worker.port);
  await worker.stop();
  await api.stop();
  await scratch.drop();
  return [
    {
      figure: "p99 during a recompute, its worse part / p99 idle",
      unit: "times",
      value: Math.max(quantile(reading, 0.99), quantile(storing, 0.99)) / quantile(idle, 0.99),
    },
    ...figuresOf(`202 to settled at ${PER_SECOND}/s, idle`, idle),
    ...figuresOf("while the recompute reads everybody", reading),
    ...figuresOf("while it ranks and stores", storing),
  ];
}

/** Waits for the first stored range. No sales are sent, so that it does not take long. */
async function untilRangesAreStored(scratch: Scratch, runId: string): Promise<void> {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; Date.now() < deadline; await delay(100)) {
    const run = await loadRun(scratch.db.drizzle, runId);
    if (run?.total && (run.pending ?? 0) < run.total) return;
  }
  throw new Error("No range was stored in time.");
}
