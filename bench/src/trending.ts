import { storeEngagement } from "../../src/feeds/engagement.ts";
import { readTrending } from "../../src/feeds/trending.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import { trending as trendingJob } from "../../src/workers/feeds/trending.ts";
import { apiReads } from "./api-reads.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadMembers, loadPosts } from "./feed-data.ts";
import { named, watchingLoop } from "./loop-delays.ts";

const USERS = 100_000;
const POSTS = 20_000;
const EVENTS = 400_000;
/** Events for one post, which is one row. */
const EVENTS_OF_ONE = 40_000;
const PER_CALL = 1_000;
const CONNECTIONS = 4;
const READS = 2_000;
const LIMIT_MS = 10 * 60_000;

export const trending: Bench = {
  name: "trending",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${EVENTS * scale} likes, comments and shares by ${USERS * scale} users of ${POSTS * scale} posts, most of few, recorded in calls of ${PER_CALL} over ` +
    `${CONNECTIONS} connections; ${EVENTS_OF_ONE * scale} of one post; a run of the job \`trending\`; what trends, read one after the other, then by the HTTP API at 200 requests/s.`,
  async run(context) {
    const users = Math.round(USERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, async (scratch) => {
      await loadMembers(scratch, users);
      await loadPosts(scratch, users, {
        count: Math.round(POSTS * context.scale),
        fromHours: 47,
        toHours: 2,
      });
    });
    await context.loaded();
    await measure(context, () =>
      withClone(context, template, (scratch) => measureEvents(context, scratch, users)),
    );
  },
};

async function measureEvents(
  context: BenchContext,
  scratch: Scratch,
  users: number,
): Promise<readonly Figure[]> {
  const posts = Math.round(POSTS * context.scale);
  const some = (count: number, name: string, postOf: () => number) =>
    Array.from({ length: count }, (_, n) => ({
      id: `${name}-${n}`,
      user_id: String(1 + (n % users)),
      target_kind: "post",
      target_id: String(postOf()),
      kind: ["like", "like", "like", "comment", "share"][n % 5],
      occurred_at: new Date(Date.now() - Math.floor(context.random() * 3_600_000)).toISOString(),
    }));
  const many = some(
    Math.round(EVENTS * context.scale),
    "many",
    () => 1 + Math.floor(posts * context.random() ** 3),
  );
  const one = some(Math.round(EVENTS_OF_ONE * context.scale), "one", () => posts);
  return [
    ...(await watchingLoop(async () => [
      { figure: "events of many posts", unit: "per s", value: await perSecond(scratch, many) },
      { figure: "events of one post", unit: "per s", value: await perSecond(scratch, one) },
      await reads(context, scratch, users),
    ])),
    ...(await refreshed(context, scratch)),
    ...(await apiReads(context, scratch, users, { name: "what trends", path: "/api/v1/trending" })),
  ];
}

/** A run of the job that updates what follows from the events. */
async function refreshed(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const figures = await besideWorkers(context, scratch, { queue: "feeds" }, async ({ db, relay }) => {
    const id = await relay.transact((tx) => startRun(tx, trendingJob, {}));
    const ended = await followRun(db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
    context.say(`the job: ${ended.status}, ${JSON.stringify(ended.counts)}`);
    if (ended.status !== "done") throw new Error(`the run is ${ended.status}: ${ended.error}`);
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    return [{ figure: "run", unit: "s", value }];
  });
  return figures.map((figure) => named("the job", figure));
}

async function perSecond({ db }: Scratch, events: readonly unknown[]): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  const connection = async () => {
    while (next < events.length) {
      const call = events.slice(next, next + PER_CALL);
      next += PER_CALL;
      const outcomes = await storeEngagement(db.drizzle, call);
      const other = outcomes.find((outcome) => outcome !== "recorded");
      if (other !== undefined) throw new Error(`an event was not recorded: ${other}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return events.length / ((performance.now() - startedAt) / 1_000);
}

async function reads({ random }: BenchContext, { db }: Scratch, users: number): Promise<Figure> {
  const took: number[] = [];
  for (let n = 0; n < READS; n++) {
    const startedAt = performance.now();
    const found = await readTrending(db.drizzle, String(1 + Math.floor(random() * users)), 20, new Date());
    took.push(performance.now() - startedAt);
    if (found.length === 0) throw new Error("nothing trends");
  }
  const sorted = took.sort((a, b) => a - b);
  return { figure: "what trends, read, p99", unit: "ms", value: quantile(sorted, 0.99) };
}
