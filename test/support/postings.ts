import { createPoliteFetch, type PoliteFetchOptions } from "../../src/ports/polite-fetch/polite-fetch.ts";
import { POSTING_SOURCES } from "../../src/ports/postings/index.ts";
import { postingsPort } from "../../src/ports/postings/postings-port.ts";
import { fetchRecords } from "../../src/ports/requests/fetch-records.ts";
import { createRateLimiter } from "../../src/ports/requests/rate-limiter.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { scrapeJobPostings } from "../../src/workers/recommendations/scrape-job-postings.ts";
import { type FakeBoards, fakeBoards } from "./job-boards.ts";
import { createWorld, type World } from "./world.ts";

export const AT = "2026-06-02T06:00:00Z";

type SceneOptions = {
  readonly lists: string;
  readonly environment?: Record<string, string>;
  readonly fetch?: Partial<PoliteFetchOptions>;
};

/** A world whose sources are on a host of the test, without waiting between requests and retries. */
export async function postingsScene({ lists, environment, fetch: options }: SceneOptions) {
  const boards = await fakeBoards();
  const variables: Record<string, string> = {
    POSTING_LISTS: lists.replaceAll("BOARDS", boards.url),
    FETCH_CONTACT: "ops@example.org",
    POSTING_BASE_URLS: POSTING_SOURCES.filter(({ name }) => name !== "jsonld")
      .map(({ name }) => `${name}=${boards.url}/${name}`)
      .join(","),
    ADZUNA_APP_ID: "id",
    ADZUNA_APP_KEY: "key",
    ...environment,
  };
  // The port is made of the world, so the world is made with one that asks for it later.
  const port: { read: ReturnType<typeof postingsPort>["read"] } = {
    read: () => Promise.reject(new Error("the port is not open yet")),
  };
  const world = await createWorld({ at: AT, environment: variables, ports: { postings: port } });
  const limiter = createRateLimiter({
    redis: world.producers.redis,
    keyPrefix: `${world.config.redisPrefix}:fetch`,
    perSecond: 1_000,
  });
  const records = fetchRecords(world.db.drizzle);
  const fetch = createPoliteFetch({
    contact: "ops@example.org",
    limiter,
    records,
    clock: world.clock,
    allowLoopback: true,
    retryBaseMs: 1,
    ...options,
  });
  port.read = postingsPort(world.config.postingSources, fetch, world.clock).read;
  return { world, boards, scrape: (payload = {}) => scrape(world, payload) };
}

/** Runs scrape-job-postings to its end. @returns its counts. */
async function scrape(world: World, payload: object): Promise<Record<string, number>> {
  await world.perform(scrapeJobPostings, payload);
  for (;;) {
    const [run] = await listRuns(world.db.drizzle, { job: scrapeJobPostings.name }, 1);
    if (run?.status === "done" || run?.status === "skipped") return run.counts;
    const due = await world.query<{ id: string; job: string }>(
      "select id, job from outbox where dead_at is null and run_at <= now() order by id limit 1",
    );
    const [entry] = due;
    if (entry === undefined) throw new Error(`the run is ${run?.status} without an entry`);
    await world.run({ name: entry.job }, [entry.id]);
  }
}

/** A job of a board on Greenhouse. */
export const greenhouseJob = (id: number, fields: Record<string, unknown> = {}) => ({
  id,
  title: `Engineer ${"abcdefghijklmnopqrstuvwxyz"[id % 26]}`,
  absolute_url: `https://boards.example/jobs/${id}`,
  company_name: "Northwind",
  location: { name: "Berlin" },
  first_published: "2026-06-02T04:00:00Z",
  content: `&lt;p&gt;Opening number ${id}.&lt;/p&gt;`,
  ...fields,
});

export const GREENHOUSE = "/greenhouse/v1/boards/northwind/jobs?content=true&pay_transparency=true";

export const serveGreenhouse = (boards: FakeBoards, jobs: readonly unknown[], headers = {}): void =>
  boards.serveJson(GREENHOUSE, { jobs }, headers);

export const openTitles = async (world: World): Promise<string[]> =>
  (await world.query<{ title: string }>("select title from jobs where status = 'open' order by title")).map(
    ({ title }) => title,
  );
