import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { feedPresort } from "../../src/workers/feeds/feed-presort.ts";
import { apiReads } from "./api-reads.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadAffinities, loadFollows, loadMembers, loadPosts } from "./feed-data.ts";

const USERS = 100_000;
const FOLLOWS = 100;
/** In seven days. With followers and followed, some 400 posts may come into a feed. */
const POSTS_PER_USER = 2;
const NEW_POSTS = 5_000;
const FIRST_PAGE = { name: "first page of a feed", path: "/api/v1/feed?segment=0" };
const LIMIT_MS = 20 * 60_000;

export const feed: Bench = {
  name: "feed",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${USERS * scale} active users who follow ${FOLLOWS} others each, ${POSTS_PER_USER} posts of each in seven days: all feeds computed and stored by ` +
    `one process, then those that ${NEW_POSTS * scale} new posts change; first pages of feeds by the HTTP API at 200 requests/s.`,
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
      withClone(context, template, async (scratch) => [
        ...(await besideWorkers(context, scratch, { queue: "feeds" }, (runtime) =>
          measureRuns(context, runtime, scratch, users),
        )),
        ...(await apiReads(context, scratch, users, FIRST_PAGE)),
      ]),
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
  return [all, await run("a quarter of an hour with 5,000 new posts", { incremental: true })];
}
