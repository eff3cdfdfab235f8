import { availableParallelism } from "node:os";
import { sql } from "drizzle-orm";
import { inTransaction } from "../../src/db/transaction.ts";
import { servedVersion } from "../../src/db/versions.ts";
import { readStoredPeople } from "../../src/people/person-facts.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import { seededRandom } from "../../src/random.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { compatibilityOf } from "../../src/scoring/people/compatibility.ts";
import { preparePerson } from "../../src/scoring/people/person.ts";
import { factsOf, type PersonRow } from "../../src/scoring/people/read-facts.ts";
import { compatibility as job } from "../../src/workers/matching/people/compatibility.ts";
import { matchScores } from "../../src/workers/matching/people/match-scores.ts";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadPeople } from "./people-data.ts";

const USERS = 100_000;
const TARGETS = 100;
/** Pairs that the baseline scores one by one, from which it is extrapolated. */
const SAMPLE = 200_000;
const LIMIT_MS = 30 * 60_000;

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const compatibility: Bench = {
  name: "compatibility",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${USERS * scale} users with their ${TARGETS} best pair scores, computed and stored by one process; then with nothing changed. one by one: ${SAMPLE} ` +
    "random pairs in memory, extrapolated.",
  async run(context) {
    const users = Math.round(USERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadPeople(scratch, users));
    await context.loaded();
    await measure({ ...context, runs: context.runs ?? 3 }, () =>
      withClone(context, template, async (scratch) => [
        ...(await besideWorkers(context, scratch, { queue: "matching" }, (runtime) =>
          measureRuns(context, runtime),
        )),
        await oneByOne(scratch, users),
      ]),
    );
  },
};

async function measureRuns(context: BenchContext, runtime: Runtime): Promise<Figure[]> {
  const run = async (figure: string, start: () => Promise<string>): Promise<Figure> => {
    const ended = await followRun(runtime.db, await start(), () => undefined, AbortSignal.timeout(LIMIT_MS));
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    if (ended.status !== "done") throw new Error(`${figure}: the run is ${ended.status}: ${ended.error}`);
    context.say(`${figure}: ${value.toFixed(2)} s, ${JSON.stringify(ended.counts)}`);
    return { figure, unit: "s", value };
  };
  await run("pair scores", () => runtime.relay.transact((tx) => startRun(tx, matchScores, { full: true })));
  const compare = () => runtime.relay.transact((tx) => startRun(tx, job, { maxSuggestionTargets: TARGETS }));
  const first = await run("computed and stored", compare);
  const again = await run("nothing has changed", compare);
  return [first, again];
}

/** The reference, pair by pair. */
async function oneByOne({ db }: Scratch, users: number): Promise<Figure> {
  const json = await inTransaction(db, async (tx) => {
    const version = await servedVersion(tx, "pairs");
    return version === null ? "[]" : readStoredPeople(tx, version.id, sql`true`);
  });
  const now = Date.now();
  const people = (JSON.parse(json) as PersonRow[]).map((row) => preparePerson(factsOf(row), now));
  const random = seededRandom(3);
  const startedAt = performance.now();
  for (let n = 0; n < SAMPLE; n++) compatibilityOf(random.pick(people), random.pick(people));
  const perPairS = (performance.now() - startedAt) / 1_000 / SAMPLE;
  const value = (perPairS * users * TARGETS) / availableParallelism();
  return { figure: "scored one by one, on all processors", unit: "s", value };
}
