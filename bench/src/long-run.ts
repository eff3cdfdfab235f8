import { inTransaction } from "../../src/db/transaction.ts";
import { startRun } from "../../src/queues/manual-runs.ts";
import { loadRun } from "../../src/queues/runs.ts";
import { type Bench, type BenchContext, type Figure, measure, quantile } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { makeTemplate, openScratch } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { RANGES, slowRun } from "./long-run-job.ts";
import { startCommonwork, startProgram } from "./service.ts";

const BUYERS = 30_000;
const PER_SECOND = 100;

/** Latency of commissions while a run of many slow ranges waits in the same queue. */
export const longRun: Bench = {
  name: "long-run",
  describe: () =>
    `202 to settled at ${PER_SECOND} sales/s, api and worker as two processes, idle and while a run of ${RANGES} ranges of ` +
    "one second waits in the queue of the sales.",
  async run(context) {
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadCommunity(scratch, BUYERS));
    await context.loaded();
    await measure({ ...context, runs: context.runs ?? 3 }, () => measureBeside(context, template));
  },
};

async function measureBeside(context: BenchContext, template: string): Promise<readonly Figure[]> {
  const scratch = await openScratch(context.databaseUrl, template);
  const environment = latencyEnvironment(context, scratch);
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startProgram("bench/src/long-run-program.ts", [], environment);
  const latency = (name: string) => measureLatency(context, scratch, api.port, BUYERS, name, PER_SECOND);
  const idle = await latency("idle");
  const runId = await inTransaction(scratch.db, (tx) => startRun(tx, slowRun, {}));
  const beside = await latency("beside");
  const run = await loadRun(scratch.db.drizzle, runId);
  context.say(`the run is ${run?.status}, ${run?.pending} of ${run?.total} ranges are left`);
  if (run?.status !== "running") throw new Error("The run ended during the measurement.");
  await worker.stop();
  await api.stop();
  await scratch.drop();
  return [
    {
      figure: "p99 beside a long run / p99 idle",
      unit: "times",
      value: quantile(beside, 0.99) / quantile(idle, 0.99),
    },
    ...figuresOf(`202 to settled at ${PER_SECOND}/s, idle`, idle),
    ...figuresOf("beside a long run", beside),
  ];
}
