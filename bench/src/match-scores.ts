import { availableParallelism } from "node:os";
import { sql } from "drizzle-orm";
import type { Clock } from "../../src/clock.ts";
import { MAX_ID } from "../../src/db/id-ranges.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { readCurrentPeople } from "../../src/people/person-facts.ts";
import { computePlacement, storePlacement } from "../../src/people/place-in-lists.ts";
import type { ComputeContext } from "../../src/queues/job.ts";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { preparePerson } from "../../src/scoring/people/person.ts";
import { factsOf, type PersonRow } from "../../src/scoring/people/read-facts.ts";
import { bestPairs } from "../../src/scoring/people/score-pair.ts";
import { matchScores as job } from "../../src/workers/matching/people/match-scores.ts";
import { type Bench, type BenchContext, compare, type Figure, LARGE_POSTGRES, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadPeople } from "./people-data.ts";

const USERS = 100_000;
/** The baseline scores this many viewers with everybody, and is extrapolated. */
const SAMPLE = 10;
const SINGLE_RUNS = 10;
const PLACEMENTS = 40;
const KEEP = 256;
const LIMIT_MS = 30 * 60_000;

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const matchScores: Bench = {
  name: "match-scores",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `${USERS * scale} users in 60 cities, 200 served of each tier: computed and stored by one process; computed: its processor time over the ` +
    `number of cores. Then a run without changes, the run of the next day with 1 % changed, and one changed profile. baseline: the reference, ${SAMPLE} viewers with everybody, in memory.`,
  async run(context) {
    const clock = openClock();
    const users = Math.round(USERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => loadPeople(scratch, users));
    await context.loaded();
    await compare(context, {
      baseline: () => withClone(context, template, (scratch) => everyPair(scratch, users)),
      ours: () =>
        withClone(context, template, (scratch) =>
          besideWorkers(context, scratch, { queue: "matching", clock }, (runtime) =>
            measureRuns(context, runtime, scratch, users, clock.moveDay),
          ),
        ),
    });
  },
};

async function measureRuns(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  users: number,
  moveDay: () => void,
): Promise<Figure[]> {
  const run = async (figure: string, input: object): Promise<Figure> => {
    const id = await runtime.relay.transact((tx) => startRun(tx, job, input));
    const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    if (ended.status !== "done") throw new Error(`${figure}: the run is ${ended.status}: ${ended.error}`);
    context.say(`${figure}: ${value.toFixed(2)} s, ${JSON.stringify(ended.counts)}`);
    return { figure, unit: "s", value };
  };
  const before = computedS();
  const first = await run("computed and stored", { full: true });
  const computed: Figure = { figure: "computed", unit: "s", value: computedS() - before };
  const [stored] = await scratch.sql("select count(*)::int as n from pair_lists");
  if (stored?.["n"] !== 2 * users) throw new Error(`not every list is there: ${JSON.stringify(stored)}`);
  const again = await run("without changes", {});
  moveDay();
  await scratch.sql(
    "update profiles set bio = coalesce(bio, '') || '.', updated_at = now() + interval '1 day' where user_id % 100 = 0",
  );
  const beforeNext = computedS();
  const next = await run("the next day, 1 % changed: computed and stored", {});
  const nextComputed: Figure = {
    figure: "the next day, computed",
    unit: "s",
    value: computedS() - beforeNext,
  };
  const [took, used]: [number[], number[]] = [[], []];
  for (let n = 1; n <= SINGLE_RUNS; n++) {
    await scratch.sql("update profiles set bio = bio || '.' where user_id = $1", [n * 7]);
    const beforeMs = processorMs();
    took.push((await run("one profile", { userId: String(n * 7) })).value * 1_000);
    used.push(processorMs() - beforeMs);
  }
  const placed: number[] = [];
  for (let n = 1; n <= PLACEMENTS; n++) placed.push(await placeOne(runtime, scratch, String(n * 11 + 1)));
  for (const figures of [took, used, placed]) figures.sort((a, b) => a - b);
  return [
    computed,
    first,
    again,
    nextComputed,
    next,
    {
      figure: "one changed profile, computed and stored: processor time",
      unit: "ms",
      value: quantile(placed, 0.5),
    },
    { figure: "the same as a run of its own, both directions", unit: "ms", value: quantile(took, 0.5) },
    { figure: "the same as a run of its own, processor time", unit: "ms", value: quantile(used, 0.5) },
  ];
}

/**
 * Places a user who changed, without a queue: what the range of such a run does.
 *
 * @returns the processor time of this process, in milliseconds.
 */
async function placeOne(runtime: Runtime, scratch: Scratch, userId: string): Promise<number> {
  await scratch.sql("update profiles set bio = bio || '.', updated_at = now() where user_id = $1", [userId]);
  await scratch.sql("insert into pair_changes (user_id) values ($1)", [userId]);
  const { settings, log, compute, db, clock } = runtime;
  const context: ComputeContext = {
    settings,
    log,
    compute,
    now: clock.now(),
    attempt: 1,
    runId: null,
    signal: AbortSignal.timeout(LIMIT_MS),
    remark: () => undefined,
    measure: () => undefined,
    read: (work) => inTransaction(db, work),
    fetch: () => Promise.resolve(null),
  };
  const startedMs = processorMs();
  const computed = await computePlacement(context, { userIds: [userId], perStatement: 5_000 });
  if (computed === null) throw new Error(`the user ${userId} did not wait`);
  await inTransaction(db, (tx) => storePlacement({ tx, now: context.now }, computed));
  return processorMs() - startedMs;
}

const DAY_MS = 86_400_000;

/** A clock that is moved by whole days. */
function openClock(): Clock & { moveDay(): void } {
  let aheadMs = 0;
  return {
    now: () => new Date(Date.now() + aheadMs),
    moveDay: () => {
      aheadMs += DAY_MS;
    },
  };
}

/**
 * Processor time of this process divided by the number of cores, in seconds: threads and event loop, not
 * Postgres.
 */
const computedS = (): number => processorMs() / 1_000 / availableParallelism();

/** Processor time of this process in milliseconds. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The reference scores some viewers with everybody. */
async function everyPair({ db }: Scratch, users: number): Promise<readonly Figure[]> {
  const facts = await inTransaction(db, async (tx) => {
    await tx.execute(sql`insert into list_versions (area, algo_version, as_of) values ('pairs', 1, now())`);
    await tx.execute(
      sql`insert into pair_people (version, position, user_id)
          select v.id, p.user_id, p.user_id from list_versions v cross join profiles p where v.area = 'pairs'`,
    );
    const [version] = await rows<{ id: string }>(tx, sql`select id from list_versions where area = 'pairs'`);
    const { people } = await readCurrentPeople(tx, version?.id ?? "", { from: "0", to: MAX_ID });
    return people;
  });
  const now = Date.now();
  const people = (JSON.parse(facts) as PersonRow[]).map((row) => preparePerson(factsOf(row), now));
  const startedAt = performance.now();
  for (const viewer of people.slice(0, SAMPLE)) bestPairs(viewer, people, KEEP);
  const perViewerS = (performance.now() - startedAt) / 1_000 / SAMPLE;
  return [{ figure: "computed", unit: "s", value: (perViewerS * users) / availableParallelism() }];
}
