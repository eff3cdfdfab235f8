import { availableParallelism } from "node:os";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { postingFacts, readUser } from "../../src/scoring/postings/recommend/read-facts.ts";
import { rarityIn, recommend } from "../../src/scoring/postings/recommend/recommend.ts";
import { SKILLS } from "../../src/scoring/postings/skills/vocabulary.ts";
import { generateRecommendations } from "../../src/workers/recommendations/generate-recommendations.ts";
import { apiReads } from "./api-reads.ts";
import { type Bench, type BenchContext, compare, type Figure, LARGE_POSTGRES, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadPostings, loadUsers, planPostingRows, planUsers } from "./recommendation-data.ts";

const USERS = 100_000;
const POSTINGS = 10_000;
/** New postings of a day on which as many close, and of a quiet day, on which none do. */
const BUSY_DAY = 1_400;
const QUIET_DAY = 300;
/** The baseline is measured on this many pairs and extrapolated. */
const SAMPLE = { users: 100, postings: 1_000 };
const SINGLE_RUNS = 20;
const READS = 2_000;
const PAGE = { name: "a page", path: "/api/v1/jobs/recommendations?page=1&page_size=20" };
const LIMIT_MS = 20 * 60_000;
const HOUR_MS = 3_600_000;

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const recommendations: Bench = {
  name: "recommendations",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${USERS * scale} users with 10 skills each x ${POSTINGS * scale} postings of 100 words with 8 skills by Zipf's law: computed and stored by one ` +
    `process; computed: its processor time over the number of cores. Then days with ${BUSY_DAY * scale} postings new and as many closed, and with ` +
    `${QUIET_DAY * scale} new; one user; a list read from the view, and by the API. baseline: the reference, pair by pair in memory, on ${SAMPLE.users} x ${SAMPLE.postings} of them.`,
  async run(context) {
    const users = Math.round(USERS * context.scale);
    const postings = Math.round(POSTINGS * context.scale);
    const now = Date.now();
    // The last of them a day ago: incremental runs find only what the benchmark adds.
    const stored = { firstId: 1, fromMs: now - 158 * HOUR_MS, toMs: now - 25 * HOUR_MS };
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, async (scratch) => {
      await loadUsers(scratch, planUsers(users));
      await loadPostings(scratch, planPostingRows(postings, stored));
    });
    await context.loaded();
    await compare(context, {
      baseline: async () => pairByPair(users, postings),
      ours: () => ours(context, template, { users, postings }),
    });
  },
};

type Size = { readonly users: number; readonly postings: number };

const ours = (context: BenchContext, template: string, size: Size): Promise<readonly Figure[]> =>
  withClone(context, template, async (scratch) => [
    ...(await besideWorkers(context, scratch, { queue: "recommendations" }, (runtime) =>
      measureRuns(context, runtime, scratch, size),
    )),
    ...(await apiReads(context, scratch, size.users, PAGE)),
  ]);

async function measureRuns(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  { users, postings }: Size,
): Promise<Figure[]> {
  const run = async (figure: string, input: object) => {
    const id = await runtime.relay.transact((tx) => startRun(tx, generateRecommendations, input));
    const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    if (ended.status !== "done") throw new Error(`${figure}: the run is ${ended.status}: ${ended.error}`);
    return { figure: { figure, unit: "s", value }, counts: JSON.stringify(ended.counts) };
  };
  const announced = async (figure: string, input: object): Promise<Figure> => {
    const ran = await run(figure, input);
    context.say(`${figure}: ${ran.figure.value.toFixed(2)} s, ${ran.counts}`);
    return ran.figure;
  };
  // Starts the threads and lets each compile what it runs, as in a process that has run before.
  await announced("to warm up", {});
  await scratch.sql("truncate recommendation_lists");
  const before = computedS();
  const first = await announced("computed and stored", {});
  const computed: Figure = { figure: "computed", unit: "s", value: computedS() - before };
  const [stored] = await scratch.sql("select count(*)::int as n from recommendation_lists");
  if (stored?.["n"] !== users) throw new Error(`not every list is there: ${JSON.stringify(stored)}`);
  const addPostings = (count: number, firstId: number) =>
    loadPostings(scratch, planPostingRows(count, { firstId, fromMs: Date.now() - 1_000, toMs: Date.now() }));
  await addPostings(Math.round(BUSY_DAY * context.scale), postings + 1);
  await scratch.sql("update jobs set status = 'closed', closed_at = now() where id <= $1", [
    Math.round(BUSY_DAY * context.scale),
  ]);
  const busy = await announced("a day with 1,400 new and 1,400 gone", { sinceHours: 24 });
  await scratch.sql(
    "update jobs set scraped_at = scraped_at - interval '1 day', updated_at = updated_at - interval '1 day' where id > $1",
    [postings],
  );
  await addPostings(Math.round(QUIET_DAY * context.scale), 2 * postings + 1);
  const quiet = await announced("a day with 300 new and none gone", { sinceHours: 24 });
  return [
    computed,
    first,
    busy,
    quiet,
    await oneUser(async (userId) => (await run("one user", { userId })).figure),
    await reads(runtime, users, context),
  ];
}

async function oneUser(run: (userId: string) => Promise<Figure>): Promise<Figure> {
  const took: number[] = [];
  for (let n = 1; n <= SINGLE_RUNS; n++) took.push((await run(String(n))).value * 1_000);
  return {
    figure: "one user, from asking to the stored list",
    unit: "ms",
    value: quantile(
      took.sort((a, b) => a - b),
      0.5,
    ),
  };
}

/** Pages of 20 of users at random, one after the other. */
async function reads({ db }: Runtime, users: number, { random }: BenchContext): Promise<Figure> {
  const took: number[] = [];
  for (let n = 0; n < READS; n++) {
    const userId = 1 + Math.floor(random() * users);
    const startedAt = performance.now();
    await db.pool.query({
      name: "bench-read",
      text: `select r.job_id, r.match_score, r.match_reason, j.title, j.company from job_recommendations r join jobs j on j.id = r.job_id
             where r.user_id = $1 and r.expires_at > now() order by r.match_score desc limit 20`,
      values: [userId],
    });
    took.push(performance.now() - startedAt);
  }
  return {
    figure: "a page read from the view, p99",
    unit: "ms",
    value: quantile(
      took.sort((a, b) => a - b),
      0.99,
    ),
  };
}

/**
 * Processor time of this process divided by the number of cores, in seconds: threads and event loop, not
 * Postgres.
 */
function computedS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 / availableParallelism();
}

/** A loop over users and postings. */
function pairByPair(users: number, postings: number): readonly Figure[] {
  const sample = { users: Math.min(SAMPLE.users, users), postings: Math.min(SAMPLE.postings, postings) };
  const asOf = Date.now();
  const people = planUsers(sample.users).map(readUser);
  const span = { firstId: 1, fromMs: asOf - 158 * HOUR_MS, toMs: asOf - HOUR_MS };
  const offered = planPostingRows(sample.postings, span).map(postingFacts);
  const rarity = rarityIn(offered, SKILLS.length);
  const startedAt = performance.now();
  for (const user of people) recommend(user, offered, { rarity, asOf });
  const perPairS = (performance.now() - startedAt) / 1_000 / (sample.users * sample.postings);
  return [{ figure: "computed", unit: "s", value: perPairS * users * postings }];
}
