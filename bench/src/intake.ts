import { randomBytes } from "node:crypto";
import { type Bench, type BenchContext, compare, type Figure } from "./bench.ts";
import { loadCommunity } from "./community.ts";
import { makeTemplate, openScratch } from "./database.ts";
import { closedLoop } from "./load-client.ts";
import { SECRET, saleRequests } from "./sale-requests.ts";
import { type Service, startCommonwork, startProgram } from "./service.ts";

const DELIVERIES = 20_000;
const CONNECTIONS = 64;
const VOLUNTEERS = 30_000;

/** Signed sales that the api role commits per second, compared with Express alone. */
export const intake: Bench = {
  name: "intake",
  describe: ({ scale }) =>
    `${DELIVERIES * scale} signed sale webhooks over ${CONNECTIONS} kept-alive connections; ours: the api role alone, each sale committed before its 202; ` +
    "baseline: the same Express app with every check of a webhook call, without a database.",
  async run(context) {
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadCommunity(scratch, VOLUNTEERS));
    await compare(context, { baseline: () => withoutDatabase(context), ours: () => api(context, template) });
  },
};

async function withoutDatabase(context: BenchContext): Promise<readonly Figure[]> {
  return load(
    context,
    await startProgram("bench/src/app-without-database.ts", [], { REDIS_URL: context.redisUrl }),
  );
}

async function api(context: BenchContext, template: string): Promise<readonly Figure[]> {
  const scratch = await openScratch(context.databaseUrl, template);
  const service = await startCommonwork({
    DATABASE_URL: scratch.url,
    REDIS_URL: context.redisUrl,
    REDIS_PREFIX: `bench-${randomBytes(4).toString("hex")}`,
    SCICENT_WEBHOOK_SECRET: SECRET,
    ROLES: "api",
    // All requests come from one address, whose rate limit would be measured otherwise.
    WEBHOOK_ADDRESS_PER_SECOND: "1000000",
    WEBHOOK_ADDRESS_BURST: "10000000",
    WEBHOOK_SOURCE_PER_SECOND: "1000000",
  });
  const figures = await load(context, service);
  const [kept] = await scratch.sql("select count(*)::int as n from token_sales");
  const wanted = Math.round(DELIVERIES * context.scale);
  if (kept?.["n"] !== wanted)
    throw new Error(`${kept?.["n"]} of ${wanted} accepted sales are in the database.`);
  await scratch.drop();
  return figures;
}

async function load(context: BenchContext, service: Service): Promise<readonly Figure[]> {
  const count = Math.round(DELIVERIES * context.scale);
  const requests = saleRequests(count, {
    firstBuyer: 10_000,
    buyers: 20_000,
    name: randomBytes(4).toString("hex"),
    random: context.random,
  });
  const { answered, tookMs, statuses } = await closedLoop(service.port, requests, CONNECTIONS);
  await service.stop();
  if (statuses.get(202) !== count) throw new Error(`not all were accepted: ${JSON.stringify([...statuses])}`);
  return [{ figure: "durable accepts", unit: "requests/s", value: answered / (tookMs / 1_000) }];
}
