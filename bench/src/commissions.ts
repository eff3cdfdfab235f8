import { setTimeout as delay } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { systemClock } from "../../src/clock.ts";
import { settingsFrom } from "../../src/config/settings.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { commissionEarned } from "../../src/events/rewards.ts";
import { createLog } from "../../src/log.ts";
import { producerConnection, workerConnection } from "../../src/queues/redis-connections.ts";
import { earnedEvents, recordCommissions } from "../../src/rewards/record-commissions.ts";
import { lockSaleFacts } from "../../src/rewards/sale-facts.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import { startWorkers } from "../../src/roles/worker.ts";
import { decideCommission } from "../../src/scoring/rewards/commission.ts";
import { catalogue } from "../../src/workers/index.ts";
import { type Bench, type BenchContext, compare, type Figure, measure } from "./bench.ts";
import { loadCommunity, loadSales } from "./community.ts";
import { benchConfig, makeTemplate, openScratch, type Scratch } from "./database.ts";
import { settleLatency } from "./latency.ts";
import { sayLoopDelays, watchingLoop } from "./loop-delays.ts";

const SALES = 20_000;
const VOLUNTEERS = 30_000;
/** The fastest of 5, 10, 20 and 40 on the machine of docs/benchmarks.md. */
const BASELINE_CONCURRENCY = 20;

/** From accepted sales to the settled ledger. */
export const commissions: Bench = {
  name: "commissions",
  describe: ({ scale }) =>
    `${SALES * scale} accepted sales over ${VOLUNTEERS} volunteers in chains of five levels and more; ours: outbox, relay, worker in one process; ` +
    "baseline: a plain BullMQ worker, the same ledger work, one transaction per sale. Then 202 to settled at 200 sales/s, api and worker as two processes.",
  async run(context) {
    const sales = Math.round(SALES * context.scale);
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadCommunity(scratch, VOLUNTEERS));
    const fresh = async (): Promise<Scratch> => {
      const scratch = await openScratch(context.databaseUrl, template);
      await loadSales(scratch, sales, VOLUNTEERS);
      return scratch;
    };
    await compare(context, {
      baseline: () => withScratch(fresh, (scratch) => plainWorker(context, scratch, sales)),
      ours: () => withScratch(fresh, (scratch) => ours(context, scratch, sales)),
    });
    const latency = async () =>
      settleLatency(context, await openScratch(context.databaseUrl, template), VOLUNTEERS);
    await measure({ ...context, runs: context.runs ?? 3 }, latency);
  },
};

async function withScratch(
  open: () => Promise<Scratch>,
  work: (scratch: Scratch) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const scratch = await open();
  try {
    return await work(scratch);
  } finally {
    await scratch.drop();
  }
}

const perSecond = (sales: number, startedAt: number): Figure[] => [
  { figure: "sales settled", unit: "sales/s", value: sales / ((performance.now() - startedAt) / 1_000) },
];

/** A run that left a sale or a line out does not count. */
async function expectSettled(scratch: Scratch, sales: number): Promise<void> {
  const [state] = await scratch.sql(
    `select (select count(*) from token_sales where status = 'applied')::int as applied,
            (select count(*) from commissions)::int as lines, (select coalesce(sum(amount_micro), 0) from ledger_entries)::text as total`,
  );
  const { applied, lines, total } = state as { applied: number; lines: number; total: string };
  if (applied !== sales || lines < sales * 4 || total !== "0") {
    throw new Error(
      `not settled: ${applied} of ${sales} applied, ${lines} lines, the ledger sums to ${total}`,
    );
  }
}

async function ours(context: BenchContext, scratch: Scratch, sales: number): Promise<readonly Figure[]> {
  const config = benchConfig(scratch.url, context.redisUrl);
  const runtime = openRuntime({
    config,
    clock: systemClock,
    log: createLog(config.log),
    catalogue,
    timetable: [],
  });
  const figures = await watchingLoop(async () => {
    const startedAt = performance.now();
    runtime.relay.start();
    const workers = startWorkers(runtime, { queues: ["commissions"] });
    await until(
      async () =>
        (await scratch.sql("select 1 from outbox where queue = 'commissions' limit 1")).length === 0,
    );
    const settled = perSecond(sales, startedAt);
    await workers.stop(5_000);
    return settled;
  });
  await sayLoopDelays(context, runtime);
  await runtime.close();
  await expectSettled(scratch, sales);
  return figures;
}

/** Without Commonwork: a job in Redis and a transaction in Postgres per sale. */
async function plainWorker(
  context: BenchContext,
  scratch: Scratch,
  sales: number,
): Promise<readonly Figure[]> {
  const config = benchConfig(scratch.url, context.redisUrl);
  const runtime = openRuntime({
    config,
    clock: systemClock,
    log: createLog(config.log),
    catalogue,
    timetable: [],
  });
  const { commissions: policy } = settingsFrom(config);
  const ids = (await scratch.sql("select id from token_sales order by id")) as { id: string }[];
  const startedAt = performance.now();
  const producing = producerConnection(config, "bench");
  const consuming = workerConnection(config, "bench");
  const queue = new Queue("plain", { connection: producing, prefix: config.redisPrefix });
  for (let i = 0; i < ids.length; i += 1_000) {
    await queue.addBulk(
      ids
        .slice(i, i + 1_000)
        .map(({ id }) => ({ name: "sale", data: { saleId: id }, opts: { removeOnComplete: true } })),
    );
  }
  let settled = 0;
  const worker = new Worker(
    "plain",
    async (job: { data: { saleId: string } }) => {
      await inTransaction(runtime.db, async (tx) => {
        const { facts } = await lockSaleFacts(tx, [job.data.saleId]);
        const decided = facts.map((f) => ({ facts: f, decision: decideCommission(f, policy) }));
        const now = new Date();
        await Promise.all([
          emit(tx, commissionEarned, earnedEvents(decided, now)),
          recordCommissions(tx, decided, policy, now),
        ]);
      });
      settled += 1;
    },
    {
      connection: consuming,
      prefix: config.redisPrefix,
      concurrency: BASELINE_CONCURRENCY,
    },
  );
  await until(async () => settled >= sales);
  const figures = perSecond(sales, startedAt);
  await worker.close();
  await queue.close();
  producing.disconnect();
  consuming.disconnect();
  await runtime.close();
  await expectSettled(scratch, sales);
  return figures;
}

const LIMIT_MS = 10 * 60_000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("The run did not end within ten minutes.");
    await delay(20);
  }
}
