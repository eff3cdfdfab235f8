import { z } from "zod";
import {
  type ComputedLists,
  computeLists,
  cutRanges,
  matchRange,
  storeLists,
} from "../../../project-matching/match-range.ts";
import {
  chooseInSteps,
  gatherNoticeCandidates,
  takeCandidates,
} from "../../../project-matching/notice-candidates.ts";
import { readNoticeProjects } from "../../../project-matching/notice-rules.ts";
import {
  choicesOf,
  cutChoices,
  findSender,
  skipCounts,
  writeNoticeRun,
} from "../../../project-matching/notice-run.ts";
import {
  type NotifyRange,
  notifyCandidates,
  notifyRange,
} from "../../../project-matching/notify-candidates.ts";
import { isCalculatedSince, waitForFullRun } from "../../../project-matching/run-exclusion.ts";
import { defineJob, type JobContext } from "../../../queues/job.ts";
import { type Counts, done, type Further, further, type Outcome } from "../../../queues/outcome.ts";

/** Projects whose candidates are gathered, after their lists are updated to the slot, unless they are. */
const gatherRange = matchRange.extend({ isCalculated: z.boolean() });
type GatherRange = z.infer<typeof gatherRange>;

/**
 * Updates the lists to its slot and gathers candidates in ranges, chooses over all projects in the sum, then
 * notifies the chosen in further ranges.
 */
export const notifyProjectMatches = defineJob({
  name: "notify-project-matches",
  queue: "notifications",
  description: "Notifies each project's best candidates, and its lead about them.",
  // Threads run at idle priority, so a range may wait long before its transaction begins.
  timeLimitMs: 60_000,
  payload: z.object({}),
  key: () => "all",
  range: z.union([notifyRange, gatherRange]),
  cut: async (_payload, { tx, runId, now, settings }): Promise<(GatherRange | NotifyRange)[]> => {
    await waitForFullRun(tx, runId);
    // The hourly run of this slot may have been first.
    const isCalculated = await isCalculatedSince(tx, now);
    const ranges = await cutRanges(tx, settings.matching.matchesPerProject);
    return ranges.map((range) => ({ ...range, isCalculated }));
  },
  compute: async (range: GatherRange | NotifyRange, context) =>
    "noticeRunId" in range || range.isCalculated ? null : computeLists(context, range),
  run: (range: GatherRange | NotifyRange, context, computed: ComputedLists | null) =>
    "noticeRunId" in range ? notifyCandidates(context, range) : gather(range, context, computed),
  sum: async (_payload, counts, context) =>
    context.round === 0 ? choose(counts, context) : done({ ...counts }),
});

/** Stores the lists, unless they are current, and gathers their candidates. */
async function gather(
  range: GatherRange,
  context: JobContext,
  computed: ComputedLists | null,
): Promise<Outcome> {
  const counts = computed ? await store(range, context, computed) : {};
  await gatherNoticeCandidates(context, runOf(context), range.projects);
  return done(counts);
}

async function store(range: GatherRange, context: JobContext, computed: ComputedLists): Promise<Counts> {
  const { matches, added, changed, removed } = await storeLists(context, range, computed);
  return { matches, added, changed, removed };
}

/** Chooses over all projects at once. */
async function choose(counts: Counts, context: JobContext): Promise<Further<NotifyRange>> {
  const { tx, now, settings } = context;
  const { topCandidates: openings, minimumScore, systemUser } = settings.matching;
  const runId = runOf(context);
  const senderId = await findSender(tx, systemUser);
  const projects = await readNoticeProjects(tx);
  const lists = await takeCandidates(tx, runId, projects);
  const choices = choicesOf(projects, lists, await chooseInSteps(context, lists));
  const noticeRunId = await writeNoticeRun(tx, { runId, slot: now, openings, minimumScore, choices });
  return further(cutChoices(choices, { noticeRunId, senderId }), {
    ...counts,
    projects: projects.length,
    candidates: 0,
    leads: 0,
    ...skipCounts(choices),
  });
}

function runOf({ runId }: JobContext): string {
  if (runId === null) throw new Error("notify-project-matches runs only as a run.");
  return runId;
}
