import { setTimeout as delay } from "node:timers/promises";
import type { Queryable } from "../../src/db/statement.ts";
import { findPeople, suggestPeople } from "../../src/people/find-people.ts";
import { readShownPeople } from "../../src/people/shown-people.ts";
import { enqueueMany } from "../../src/queues/enqueue.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { parseSearch } from "../../src/scoring/people/search/parse-search.ts";
import type { SearchFilter } from "../../src/scoring/people/search/search-query.ts";
import { indexProfile } from "../../src/workers/matching/people/index-profile.ts";
import { profileSearchIndex } from "../../src/workers/matching/people/profile-search-index.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, vacuumLoaded, withClone } from "./database.ts";
import { loadProfiles, SEARCHED } from "./search-data.ts";

const PEOPLE = 1_000_000;
const CHANGED = 10_000;
const PER_SECOND = 50;
const SECONDS = 10;
const WARM_UP = 50;
const LIMIT_MS = 30 * 60_000;
const PAGE = 20;

/** The index built, kept current and searched; searches are started 50 times a second, whatever they take. */
export const search: Bench = {
  name: "search",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${PEOPLE * scale} profiles: name of two words, bio of 25 words of 20,000 and 800 places by Zipf's law, three interests. ` +
    `The index built by one process; ${CHANGED * scale} changed profiles indexed; p95 of searches with their first page, ${PER_SECOND} a second.`,
  async run(context) {
    context.say("loading");
    const people = Math.round(PEOPLE * context.scale);
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadProfiles(scratch, people));
    await context.loaded();
    await measure(context, () =>
      withClone(context, template, (scratch) =>
        besideWorkers(context, scratch, { queue: "matching" }, (runtime) =>
          measureSearch(context, runtime, scratch, people),
        ),
      ),
    );
  },
};

async function measureSearch(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  people: number,
): Promise<Figure[]> {
  const rebuild = await rebuildIndex(runtime);
  const [indexed] = await scratch.sql("select count(*)::int as n from profile_search_index where searchable");
  if (indexed?.["n"] !== people)
    throw new Error(`${String(indexed?.["n"])} people are indexed, not ${people}`);
  const unchanged = await rebuildIndex(runtime);
  const changed = await indexChanged(context, runtime, scratch);
  await vacuumLoaded(scratch);
  const figures: Figure[] = [
    { figure: "profiles indexed", unit: "1/s", value: people / rebuild },
    { figure: "nothing has changed", unit: "s", value: unchanged },
    { figure: "changed profiles indexed", unit: "s", value: changed },
  ];
  for (const [name, one] of Object.entries(SEARCHES))
    figures.push({ figure: `${name}, p95`, unit: "ms", value: await p95Of(runtime.db.drizzle, people, one) });
  return figures;
}

async function rebuildIndex({ relay, db }: Runtime): Promise<number> {
  const id = await relay.transact((tx) => startRun(tx, profileSearchIndex, {}));
  const ended = await followRun(db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
  if (ended.status !== "done") throw new Error(`the run is ${ended.status}: ${ended.error}`);
  return (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
}

/** From the events' jobs being enqueued at once until all rows are written. */
async function indexChanged(context: BenchContext, { relay }: Runtime, scratch: Scratch): Promise<number> {
  const count = Math.round(CHANGED * context.scale);
  const ids = Array.from({ length: count }, (_, n) => String(n + 1));
  await scratch.sql("update profiles set bio = bio || ' changed' where user_id <= $1", [count]);
  const startedAt = performance.now();
  await relay.transact((tx) =>
    enqueueMany(
      tx,
      indexProfile,
      ids.map((userId) => ({ userId })),
    ),
  );
  for (;;) {
    const [left] = await scratch.sql("select 1 from outbox where job = 'index-profile' limit 1");
    if (left === undefined) return (performance.now() - startedAt) / 1_000;
    await delay(20);
  }
}

type Asked = { readonly q?: string; readonly filter?: SearchFilter; readonly suggest?: readonly string[] };

/** The searches, by name; `n` varies the words. */
const SEARCHES: Readonly<Record<string, (n: number) => Asked>> = {
  "rare word": (n) => ({ q: `${SEARCHED.rare} ${n % 2 ? "" : SEARCHED.medium}` }),
  "medium word": () => ({ q: SEARCHED.medium }),
  "very common word": () => ({ q: SEARCHED.common }),
  name: (n) => ({ q: `${SEARCHED.firstName(n % 500)} ${SEARCHED.lastName(n % 3_000)}` }),
  "common word, two filters": () => ({
    q: SEARCHED.common,
    filter: { gender: "female", ageMin: 30, ageMax: 40 },
  }),
  "two filters and a radius": (n) => ({
    filter: {
      gender: "male",
      interests: ["1"],
      near: { center: { latitude: (n % 100) - 50, longitude: (n % 300) - 150 }, radiusKm: 250 },
    },
  }),
  "name with a typo": (n) => {
    const name = SEARCHED.lastName(n % 3_000);
    return { q: `${SEARCHED.firstName(n % 500)} ${name.slice(0, 2)}x${name.slice(3)}` };
  },
  "beginning of a name": (n) => ({ suggest: [SEARCHED.firstName(n % 500).slice(0, 2 + (n % 3))] }),
};

async function p95Of(on: Queryable, people: number, asked: (n: number) => Asked): Promise<number> {
  const count = WARM_UP + PER_SECOND * SECONDS;
  const took: number[] = [];
  const running: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < count; n++) {
    const dueMs = startedAt + (n * 1_000) / PER_SECOND;
    if (dueMs > performance.now()) await delay(dueMs - performance.now());
    const one = searchOnce(on, String(1 + ((n * 7_919) % people)), asked(n)).then(() => {
      if (n >= WARM_UP) took.push(performance.now() - dueMs);
    });
    running.push(one);
  }
  await Promise.all(running);
  return quantile(
    took.sort((a, b) => a - b),
    0.95,
  );
}

async function searchOnce(
  on: Queryable,
  viewerId: string,
  { q = "", filter = {}, suggest }: Asked,
): Promise<void> {
  const today = new Date("2026-06-02T00:00:00Z");
  const ranked =
    suggest === undefined
      ? (await findPeople(on, { viewerId, terms: parseSearch(q), filter, today })).ranked
      : await suggestPeople(on, { viewerId, words: suggest, today });
  const ids = ranked.slice(0, PAGE).map(({ userId }) => userId);
  await readShownPeople(on, ids, { center: null, now: today });
}
