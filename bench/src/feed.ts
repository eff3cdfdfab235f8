import { setTimeout as delay } from "node:timers/promises";
import { SignJWT } from "jose";
import { startHttp } from "../../src/http/server.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { feedPresort } from "../../src/workers/feeds/feed-presort.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadAffinities, loadFollows, loadMembers, loadPosts } from "./feed-data.ts";

const USERS = 100_000;
const FOLLOWS = 100;
/** In seven days. With followers and followed, some 400 posts may come into a feed. */
const POSTS_PER_USER = 2;
const NEW_POSTS = 5_000;
const REQUESTS_PER_SECOND = 200;
const REQUESTS = 4_000;
const JWT_SECRET = "the secret of the benchmark's user API";
const ENVIRONMENT = { AUTH_JWT_SECRET: JWT_SECRET, HOST: "127.0.0.1", PORT: "0" };
const LIMIT_MS = 20 * 60_000;

export const feed: Bench = {
  name: "feed",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${USERS * scale} active users who follow ${FOLLOWS} others each, ${POSTS_PER_USER} posts of each in seven days: all feeds computed and stored by ` +
    `one process, then those that ${NEW_POSTS * scale} new posts change; the first pages of feeds, asked for over HTTP at ${REQUESTS_PER_SECOND} a second.`,
  async run(context) {
    const users = Math.round(USERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, async (scratch) => {
      await loadMembers(scratch, users);
      await loadFollows(scratch, users, FOLLOWS);
      await loadPosts(scratch, users, { count: users * POSTS_PER_USER, fromHours: 160, toHours: 1 });
      await loadAffinities(scratch, users);
    });
    await context.loaded();
    await measure(context, () =>
      withClone(context, template, (scratch) =>
        besideWorkers(context, scratch, { queue: "feeds", environment: ENVIRONMENT }, (runtime) =>
          measureRuns(context, runtime, scratch, users),
        ),
      ),
    );
  },
};

async function measureRuns(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  users: number,
): Promise<Figure[]> {
  const run = async (figure: string, input: object): Promise<Figure> => {
    const id = await runtime.relay.transact((tx) => startRun(tx, feedPresort, input));
    const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
    if (ended.status !== "done") throw new Error(`${figure}: the run is ${ended.status}: ${ended.error}`);
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    context.say(`${figure}: ${value.toFixed(2)} s, ${JSON.stringify(ended.counts)}`);
    return { figure, unit: "s", value };
  };
  const all = await run("all feeds computed and stored", {});
  const [stored] = await scratch.sql("select count(*)::int as n from feed_presorted");
  if (stored?.["n"] !== users) throw new Error(`not every feed is there: ${JSON.stringify(stored)}`);
  const count = Math.round(NEW_POSTS * context.scale);
  await loadPosts(scratch, users, { count, fromHours: 0, toHours: 0 });
  return [
    all,
    await run("a quarter of an hour with 5,000 new posts", { incremental: true }),
    await reads(runtime, users, context),
  ];
}

/** First pages of users at random, each asked for at its time, however long the others take. */
async function reads(runtime: Runtime, users: number, { random, scale }: BenchContext): Promise<Figure> {
  const server = await startHttp(runtime);
  const took: number[] = [];
  const ask = async (token: string, dueMs: number) => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/feed`, { headers });
    const { items } = (await answer.json()) as { items?: unknown[] };
    took.push(performance.now() - dueMs);
    if (answer.status !== 200 || items?.length === 0)
      throw new Error(`a feed was answered with ${answer.status}`);
  };
  try {
    const tokens = await Promise.all(
      Array.from({ length: Math.round(REQUESTS * scale) }, () =>
        tokenOf(String(1 + Math.floor(random() * users))),
      ),
    );
    const startedMs = performance.now();
    const asked = tokens.map(async (token, n) => {
      const dueMs = startedMs + (n * 1_000) / REQUESTS_PER_SECOND;
      await delay(dueMs - performance.now());
      await ask(token, dueMs);
    });
    await Promise.all(asked);
  } finally {
    await server.stop();
  }
  const sorted = took.sort((a, b) => a - b);
  return { figure: "first page of a feed over HTTP, p99", unit: "ms", value: quantile(sorted, 0.99) };
}

const tokenOf = (userId: string): Promise<string> =>
  new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 3_600 })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .sign(new TextEncoder().encode(JWT_SECRET));
