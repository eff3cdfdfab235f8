import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { notifyProjectMatches } from "../../src/workers/notifications/matching/notify-project-matches.ts";
import { type Bench, type BenchContext, type Figure, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { named } from "./loop-delays.ts";

const PROJECTS = 10_000;
const LISTED = 200;
const OPENINGS = 10;
const LIMIT_MS = 10 * 60_000;
const LOOK_EVERY_MS = 10;

/**
 * Volunteers that the lists are drawn from: enough for all openings, and half as many as there are openings.
 */
const CASES = { plenty: 1_000_000, scarce: 50_000 };

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const notices: Bench = {
  name: "notices",
  postgres: ["shared_buffers=2GB", "max_wal_size=4GB"],
  describe: ({ scale }) =>
    `${PROJECTS * scale} open projects with full lists of ${LISTED}, minimum score 0, ${OPENINGS} openings each; candidates drawn from ` +
    `${CASES.plenty * scale} volunteers, and from ${CASES.scarce * scale}: chosen and notified, one process. Lists are current.`,
  async run(context) {
    const templates = {
      plenty: await makeTemplate(context.databaseUrl, (scratch) =>
        load(scratch, context.scale, CASES.plenty),
      ),
      scarce: await makeTemplate(context.databaseUrl, (scratch) =>
        load(scratch, context.scale, CASES.scarce),
      ),
    };
    await context.loaded();
    await measure(context, async () => {
      const plenty = await once(context, templates.plenty, "plenty");
      return [...plenty, ...(await once(context, templates.scarce, "scarce"))];
    });
  },
};

async function load(scratch: Scratch, scale: number, people: number): Promise<void> {
  const volunteers = Math.round(people * scale);
  const projects = Math.round(PROJECTS * scale);
  await scratch.sql("insert into organizations (name) values ('Bench')");
  await scratch.sql("insert into skills (name) select 'Skill ' || g from generate_series(1, 500) g");
  await scratch.sql("insert into users (name) select 'Person ' || g from generate_series(1, $1::int) g", [
    volunteers,
  ]);
  await scratch.sql("insert into volunteers (user_id) select id from users where id > 0");
  await scratch.sql(
    "insert into organization_members (organization_id, user_id) select o.id, u.id from organizations o, users u where u.id > 0",
  );
  await scratch.sql(
    `insert into projects (organization_id, name, project_status, created_by)
     select (select min(id) from organizations), 'Project ' || g, 'recruiting', 1 + g % $2::int from generate_series(1, $1::int) g`,
    [projects, volunteers],
  );
  await scratch.sql(
    "insert into project_required_skills select p.id, 1 + (p.id * 7 + n * 61) % 500 from projects p, generate_series(1, 8) n",
  );
  // The step has no factor in common with the number of volunteers, so no list has a volunteer twice.
  await scratch.sql(
    `insert into volunteer_initiative_matches
       (project_id, volunteer_id, match_score, coverage, cosine, jaccard, matched_skill_ids, matched_skill_count, calculated_at)
     select p.id, 1 + (hashint8(p.id)::bigint + 4294967296 + n * 7919) % $1::int, round(random()::numeric, 6), 0.5, 0.5, 0.5,
            array[1 + n % 500, 1 + (n + 100) % 500], 2, now()
     from projects p, generate_series(1, $2::bigint) n order by p.id`,
    [volunteers, LISTED],
  );
}

async function once(context: BenchContext, template: string, name: string): Promise<readonly Figure[]> {
  const environment = { MIN_MATCH_SCORE: "0" };
  const figures = await withClone(context, template, async (scratch) => {
    // The hourly run is done.
    await scratch.sql(
      "insert into job_runs (job, trigger, input, status, started_at, finished_at) values ('calculate-matches', 'manual', '{}', 'done', now() + interval '1 hour', now())",
    );
    return besideWorkers(context, scratch, { queue: "notifications", environment }, async (runtime) => {
      const transactions = watchTransactions(scratch);
      try {
        const tookS = await runOnce(context, runtime, scratch);
        const { ageS, query } = transactions.longest();
        context.say(`the longest transaction was last seen at: ${query}`);
        return [
          { figure: "chosen and notified", unit: "s", value: tookS },
          { figure: "longest transaction", unit: "s", value: ageS },
        ];
      } finally {
        await transactions.stop();
      }
    });
  });
  return figures.map((figure) => named(name, figure));
}

async function runOnce(context: BenchContext, runtime: Runtime, scratch: Scratch): Promise<number> {
  const id = await runtime.relay.transact((tx) => startRun(tx, notifyProjectMatches, {}));
  const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
  context.say(`${ended.status}: ${JSON.stringify(ended.counts)}`);
  const [notices] = await scratch.sql("select count(*)::int as n from candidate_notifications");
  if (ended.status !== "done" || !notices?.["n"] || notices["n"] !== ended.counts["candidates"])
    throw new Error(`the run is ${ended.status}, ${notices?.["n"]} notices were written: ${ended.error}`);
  return (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
}

/** Polls the age of the oldest open transaction of the database, apart from its own. */
function watchTransactions({ sql }: Scratch) {
  let longest = { ageS: 0, query: "" };
  let going = true;
  const look = async () => {
    while (going) {
      const [oldest] = await sql(
        `select extract(epoch from clock_timestamp() - xact_start)::float8 as age, left(query, 60) as query from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null
         order by xact_start limit 1`,
      );
      if (Number(oldest?.["age"] ?? 0) > longest.ageS)
        longest = { ageS: Number(oldest?.["age"]), query: String(oldest?.["query"]) };
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
  const looking = look();
  return {
    longest: () => longest,
    stop: () => {
      going = false;
      return looking;
    },
  };
}
