import { availableParallelism } from "node:os";
import { followRun, startRun } from "../../src/queues/manual-runs.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { bestMatches } from "../../src/scoring/project-matching/match.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { type Bench, type BenchContext, compare, type Figure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { loadSkills, planSkills, SKILLS } from "./skills.ts";

const VOLUNTEERS = 1_000_000;
const PROJECTS = 10_000;
const KEPT = 200;
/** The baseline is measured on this many pairs and extrapolated. */
const SAMPLE = { volunteers: 20_000, projects: 50 };
const LIMIT_MS = 20 * 60_000;

/** From enqueue to the end of the run, through Redis and the workers of one process. */
export const matches: Bench = {
  name: "matches",
  describe: ({ scale }) =>
    `${VOLUNTEERS * scale} volunteers x ${PROJECTS * scale} projects, 8 skills each of ${SKILLS} by Zipf's law, half with a location; the best ${KEPT} ` +
    `per project computed and stored, one process; computed: its processor time over the number of cores. Then the same with nothing changed, one volunteer, one project. baseline: the reference, pair by ` +
    `pair in memory, on ${SAMPLE.volunteers} x ${SAMPLE.projects} of them.`,
  async run(context) {
    const volunteers = Math.round(VOLUNTEERS * context.scale);
    const projects = Math.round(PROJECTS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) =>
      loadSkills(scratch, planSkills(volunteers, projects)),
    );
    await context.loaded();
    await compare(context, {
      baseline: async () => pairByPair(volunteers, projects),
      ours: () => ours(context, template, projects),
    });
  },
};

const ours = (context: BenchContext, template: string, projects: number): Promise<readonly Figure[]> =>
  withClone(context, template, (scratch) =>
    besideWorkers(context, scratch, { queue: "matching" }, (runtime) =>
      measureRuns(context, runtime, scratch, projects),
    ),
  );

async function measureRuns(
  context: BenchContext,
  runtime: Runtime,
  scratch: Scratch,
  projects: number,
): Promise<Figure[]> {
  const run = async (figure: string, input: object): Promise<Figure> => {
    const id = await runtime.relay.transact((tx) => startRun(tx, calculateMatches, input));
    const ended = await followRun(runtime.db, id, () => undefined, AbortSignal.timeout(LIMIT_MS));
    const value = (Number(ended.finishedAt) - Number(ended.createdAt)) / 1_000;
    if (ended.status !== "done") throw new Error(`${figure}: the run is ${ended.status}: ${ended.error}`);
    context.say(`${figure}: ${value.toFixed(2)} s, ${JSON.stringify(ended.counts)}`);
    return { figure, unit: "s", value };
  };
  // Starts the threads and lets each compile what it runs, as in a process that has run before.
  await run("to warm up", { full: true });
  await scratch.sql("delete from volunteer_initiative_matches");
  await scratch.sql("delete from project_match_lists");
  await scratch.sql("vacuum volunteer_initiative_matches, project_match_lists");
  const before = computedS();
  const first = await run("computed and stored", { full: true });
  const computed: Figure = { figure: "computed", unit: "s", value: computedS() - before };
  const [stored] = await scratch.sql(
    `select count(*)::int as n, count(distinct project_id)::int as lists,
            (select sum(capacity)::int from project_match_lists) as room
     from volunteer_initiative_matches`,
  );
  // Lists have room for those who are not shown as well, such as the team.
  if (
    stored?.["lists"] !== projects ||
    stored["n"] !== stored["room"] ||
    Number(stored["n"]) < projects * KEPT
  )
    throw new Error(`not every list is there: ${JSON.stringify(stored)}`);
  const again = await run("nothing has changed", {});
  await scratch.sql("update volunteer_skills set weight = 0.95 where volunteer_id = 17");
  const volunteer = await run("one volunteer", { volunteerId: "17" });
  const project = await run("one project", { projectId: "17" });
  return [computed, first, again, volunteer, project];
}

/**
 * Processor time of this process divided by the number of cores, in seconds: threads and event loop, not
 * Postgres.
 */
function computedS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 / availableParallelism();
}

/** A loop over projects and volunteers. */
function pairByPair(volunteers: number, projects: number): readonly Figure[] {
  const sample = {
    volunteers: Math.min(SAMPLE.volunteers, volunteers),
    projects: Math.min(SAMPLE.projects, projects),
  };
  const plan = planSkills(sample.volunteers, sample.projects);
  const people = Array.from({ length: sample.volunteers }, () => plan.volunteer());
  const wanted = Array.from({ length: sample.projects }, () => plan.project());
  const startedAt = performance.now();
  for (const project of wanted) bestMatches(project, people, KEPT);
  const perPairS = (performance.now() - startedAt) / 1_000 / (sample.volunteers * sample.projects);
  return [{ figure: "computed", unit: "s", value: perPairS * volunteers * projects }];
}
