import { z } from "zod";
import {
  cutRanges,
  type FoundMatches,
  findMatches,
  type MatchRange,
  storeMatches,
} from "../../../project-matching/match-range.ts";
import {
  choicesOf,
  cutChoices,
  findSender,
  passedOverCounts,
  writeBatch,
} from "../../../project-matching/notice-batch.ts";
import {
  chooseInSteps,
  gatherCandidates,
  takeCandidates,
} from "../../../project-matching/notice-candidates.ts";
import { readNoticeProjects } from "../../../project-matching/notice-rules.ts";
import { calculatedSince, fullRunUnderWay } from "../../../project-matching/run-exclusion.ts";
import { type TellRange, tellCandidates } from "../../../project-matching/tell-candidates.ts";
import { defineJob, type JobContext } from "../../../queues/job.ts";
import { type Counts, done, type Further, further, type Outcome, Snooze } from "../../../queues/outcome.ts";

const LOOK_AGAIN_MS = 2_000;

/** Projects whose candidates are looked for: their lists are brought up to the slot first, unless that was done. */
type FindRange = MatchRange & { readonly calculated: boolean };

/** Brings the lists up to its slot, chooses over all of them, then tells the best candidates of each project, and its lead. */
export const notifyProjectMatches = defineJob({
  name: "notify-project-matches",
  queue: "notifications",
  description:
    "Tells the best candidates about projects that they fit, and team leads about their candidates.",
  // Threads have what others leave of the processors.
  timeLimitMs: 60_000,
  payload: z.object({}),
  key: () => "all",
  cut: async (_payload, { tx, runId, now, settings }): Promise<(FindRange | TellRange)[]> => {
    if (await fullRunUnderWay(tx, runId)) throw new Snooze(LOOK_AGAIN_MS, "matches are being calculated");
    // The hourly run of this very slot may have come first.
    const calculated = await calculatedSince(tx, now);
    const ranges = await cutRanges(tx, settings.matching.matchesPerProject);
    return ranges.map((range) => ({ ...range, calculated }));
  },
  compute: async (range: FindRange | TellRange, context) =>
    "batchId" in range || range.calculated ? null : findMatches(context, range),
  run: (range: FindRange | TellRange, context, found: FoundMatches | null) =>
    "batchId" in range ? tellCandidates(context, range) : gather(range, context, found),
  sum: async (_payload, counts, context) =>
    context.stage === 0 ? choose(counts, context) : done({ ...counts }),
});

/** Stores what was found, unless the lists are those of the slot already, and puts down who stands for the places of each project. */
async function gather(range: FindRange, context: JobContext, found: FoundMatches | null): Promise<Outcome> {
  const counts = found ? await store(range, context, found) : {};
  await gatherCandidates(context, runOf(context), range.projects);
  return done(counts);
}

async function store(range: FindRange, context: JobContext, found: FoundMatches): Promise<Counts> {
  const { matches, added, changed, removed } = await storeMatches(context, range, found);
  return { matches, added, changed, removed };
}

/** Whom to tell is decided over all projects at once; telling them is the work of further ranges. */
async function choose(counts: Counts, context: JobContext): Promise<Further<TellRange>> {
  const { tx, now, settings } = context;
  const { topCandidates: places, minimumScore, systemUser } = settings.matching;
  const runId = runOf(context);
  const senderId = await findSender(tx, systemUser);
  const projects = await readNoticeProjects(tx);
  const lists = await takeCandidates(tx, runId, projects);
  const choices = choicesOf(projects, lists, await chooseInSteps(context, lists));
  const batchId = await writeBatch(tx, { runId, slot: now, places, minimumScore, choices });
  return further(cutChoices(choices, { batchId, senderId }), {
    ...counts,
    projects: projects.length,
    candidates: 0,
    leads: 0,
    ...passedOverCounts(choices),
  });
}

function runOf({ runId }: JobContext): string {
  if (runId === null) throw new Error("The notices belong to no run.");
  return runId;
}
