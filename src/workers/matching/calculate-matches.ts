import { z } from "zod";
import {
  fewMarks,
  forgetProjects,
  forgetVolunteers,
  isFull,
  settleMarks,
  takeMatchMarks,
} from "../../project-matching/marks.ts";
import {
  type ComputedLists,
  computeAlone,
  computeLists,
  cutRanges,
  type MatchRange,
  matchRange,
  rangeOfProject,
  storeLists,
} from "../../project-matching/match-range.ts";
import { placeVolunteers } from "../../project-matching/place-volunteers.ts";
import { lockSingleLists, waitForFullRun } from "../../project-matching/run-exclusion.ts";
import { resolveSpellings } from "../../project-matching/spellings.ts";
import { moveWaitingLocations } from "../../project-matching/waiting-locations.ts";
import { defineJob, type SumContext } from "../../queues/job.ts";
import { addCounts, done, further } from "../../queues/outcome.ts";

const ID = z.string().regex(/^[1-9]\d{0,14}$/, "must be an id");

const NOTHING = { projects: 0, matches: 0, added: 0, changed: 0, removed: 0 };

const payload = z
  .object({
    projectId: ID.optional().describe("update the list of this project only"),
    volunteerId: ID.optional().describe("update the lists for this volunteer only"),
    full: z.boolean().optional().describe("recompute all lists, even if little has changed"),
  })
  .refine(
    ({ projectId, volunteerId }) => projectId === undefined || volunteerId === undefined,
    "projectId and volunteerId exclude each other",
  );

/** Updates the match lists of all projects, of one project, or for one volunteer. */
export const calculateMatches = defineJob({
  name: "calculate-matches",
  queue: "matching",
  description: "Computes which volunteers fit which open projects, and stores the best of each project.",
  payload,
  fromHost: { projectId: "projects", volunteerId: "users" },
  // Threads run at idle priority, so a range may wait for minutes before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ projectId, volunteerId, full }) =>
    projectId ? `project:${projectId}` : volunteerId ? `volunteer:${volunteerId}` : full ? "full" : "all",
  range: matchRange,
  cut: async ({ projectId, volunteerId, full = false }, context): Promise<MatchRange[]> => {
    const { tx, runId, settings } = context;
    await waitForFullRun(tx, runId);
    const keep = settings.matching.matchesPerProject;
    if (projectId) return [rangeOfProject(projectId, keep)];
    if (volunteerId) return [];
    await moveWaitingLocations(tx);
    await resolveSpellings(tx);
    const changed = await takeMatchMarks(context, { keep, full });
    return changed === null ? cutRanges(tx, keep) : changed.projectIds.map((id) => rangeOfProject(id, keep));
  },
  compute: async (range: MatchRange, context) => (range.shared ? computeLists(context, range) : null),
  run: async (range: MatchRange, context, computed: ComputedLists | null) => {
    if (computed) return done({ ...(await storeLists(context, range, computed)) });
    await lockSingleLists(context.tx, context.runId);
    if ("ids" in range.projects) await forgetProjects(context.tx, range.projects.ids);
    return done({ ...(await storeLists(context, range, await computeAlone(context, range))) });
  },
  sum: async (input, counts, context) => {
    const volunteerIds = context.round > 0 ? [] : await volunteersToPlace(input, context);
    if (volunteerIds.length === 0) {
      if (!input.projectId && !input.volunteerId) await settleMarks(context);
      return done({ ...NOTHING, ...counts });
    }
    const { tx, runId, now, settings } = context;
    const keep = settings.matching.matchesPerProject;
    await lockSingleLists(tx, runId);
    await forgetVolunteers(tx, volunteerIds);
    const placed = await placeVolunteers(tx, volunteerIds, keep, now);
    return further(
      placed.recompute.map((id) => rangeOfProject(id, keep)),
      addCounts(counts, placed.counts),
    );
  },
});

async function volunteersToPlace(
  { projectId, volunteerId }: z.infer<typeof payload>,
  { tx, runId }: SumContext,
): Promise<readonly string[]> {
  if (volunteerId) return [volunteerId];
  if (projectId || runId === null || (await isFull(tx, runId))) return [];
  return (await fewMarks(tx, runId))?.volunteerIds ?? [];
}
