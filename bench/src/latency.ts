import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type BenchContext, type Figure, quantile } from "./bench.ts";
import type { Scratch } from "./database.ts";
import { openLoop } from "./load-client.ts";
import { sayLoopDelaysAt } from "./loop-delays.ts";
import { SECRET, saleRequests } from "./sale-requests.ts";
import { startCommonwork } from "./service.ts";

const PER_SECOND = 200;
const SECONDS = 20;
/** Until the code is compiled by V8 it is slower than it will be. */
const WARM_UP_SECONDS = 10;
const BACKLOG = 200_000;
const LOOK_EVERY_MS = 2;

/**
 * From the 202 of a sale to the commit that settles it, at 200 sales/s, api and worker as two processes; then
 * the same with 200,000 entries waiting in another queue. The status of sales is polled every 2 ms, so
 * figures are up to 2 ms too high, never too low.
 */
export async function settleLatency(
  context: BenchContext,
  scratch: Scratch,
  volunteers: number,
): Promise<readonly Figure[]> {
  const environment = latencyEnvironment(context, scratch);
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({ ...environment, ROLES: "worker", WORKER_QUEUES: "commissions" });
  const idle = await measureLatency(context, scratch, api.port, volunteers, "idle");
  await scratch.sql(
    `insert into outbox (queue, job, key, payload)
     select 'matching', 'place-volunteer', g::text, jsonb_build_object('volunteerId', g::text) from generate_series(1, ${BACKLOG}) g`,
  );
  const busy = await measureLatency(context, scratch, api.port, volunteers, "busy");
  await sayLoopDelaysAt(context, worker.port);
  await worker.stop();
  await api.stop();
  await scratch.drop();
  return [
    ...figuresOf("202 to settled at 200/s", idle),
    ...figuresOf("202 to settled, 200,000 waiting elsewhere", busy),
    {
      figure: "p99 with backlog / p99 idle",
      unit: "times",
      value: quantile(busy, 0.99) / quantile(idle, 0.99),
    },
  ];
}

/** The variables of the services whose latency is measured: no limit of addresses, a prefix of their own. */
export const latencyEnvironment = (context: BenchContext, scratch: Scratch): Record<string, string> => ({
  DATABASE_URL: scratch.url,
  REDIS_URL: context.redisUrl,
  REDIS_PREFIX: `bench-${randomBytes(4).toString("hex")}`,
  SCICENT_WEBHOOK_SECRET: SECRET,
  WEBHOOK_ADDRESS_PER_SECOND: "100000",
  WEBHOOK_ADDRESS_BURST: "100000",
});

export const figuresOf = (name: string, sorted: readonly number[]): Figure[] => [
  { figure: `${name}, p50`, unit: "ms", value: quantile(sorted, 0.5) },
  { figure: `${name}, p99`, unit: "ms", value: quantile(sorted, 0.99) },
];

export async function measureLatency(
  context: BenchContext,
  scratch: Scratch,
  port: number,
  volunteers: number,
  name: string,
  perSecond = PER_SECOND,
): Promise<number[]> {
  const requests = saleRequests(perSecond * (SECONDS + WARM_UP_SECONDS), {
    firstBuyer: Math.floor(volunteers / 3),
    buyers: Math.floor((volunteers * 2) / 3) - 1,
    name: `${name}-${randomBytes(3).toString("hex")}`,
    random: context.random,
  });
  const acceptedAt = new Map<string, number>();
  const settledAt = new Map<string, number>();
  const externalIds = requests.map(
    (request) => /"transaction_id":"([^"]+)"/.exec(request.toString())?.[1] as string,
  );
  let sending = true;
  const send = async () => {
    await openLoop(port, requests, perSecond, (index, status, at) => {
      if (status !== 202) throw new Error(`a sale got status ${status}`);
      if (index >= perSecond * WARM_UP_SECONDS) acceptedAt.set(externalIds[index] as string, at);
    });
    sending = false;
  };
  // Together, so that the watch may fail while sales are still sent.
  await Promise.all([send(), watch(scratch, acceptedAt, settledAt, () => sending)]);
  return [...acceptedAt]
    .map(([id, at]) => Math.max(0, (settledAt.get(id) ?? Number.POSITIVE_INFINITY) - at))
    .sort((a, b) => a - b);
}

/** Records when each sale is first seen settled. Reads only the newest ones, so that polling costs little. */
async function watch(
  scratch: Scratch,
  accepted: ReadonlyMap<string, number>,
  settled: Map<string, number>,
  sending: () => boolean,
): Promise<void> {
  const deadline = performance.now() + (SECONDS + WARM_UP_SECONDS + 60) * 1_000;
  let through = "0";
  while (performance.now() < deadline) {
    const seen = (await scratch.sql(
      `select id, external_id, status <> 'accepted' as settled from token_sales where id > $1 order by id limit 2000`,
      [through],
    )) as { id: string; external_id: string; settled: boolean }[];
    const at = Date.now();
    let gapless = true;
    for (const sale of seen) {
      gapless &&= sale.settled;
      if (gapless) through = sale.id;
      if (sale.settled && !settled.has(sale.external_id)) settled.set(sale.external_id, at);
    }
    if (!sending() && [...accepted.keys()].every((id) => settled.has(id))) return;
    await delay(LOOK_EVERY_MS);
  }
  const late = [...accepted.keys()].filter((id) => !settled.has(id)).length;
  throw new Error(`${late} of ${accepted.size} measured sales were not settled in time.`);
}
