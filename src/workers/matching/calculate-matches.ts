import { z } from "zod";
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
import { placeInLists } from "../../project-matching/place-volunteers.ts";
import { lockSingleLists, waitForFullRun } from "../../project-matching/run-exclusion.ts";
import { resolveSpellings } from "../../project-matching/spellings.ts";
import { moveWaitingLocations } from "../../project-matching/waiting-locations.ts";
import { defineJob } from "../../queues/job.ts";
import { done, further } from "../../queues/outcome.ts";

const ID = z.string().regex(/^[1-9]\d{0,14}$/, "must be an id");

const NOTHING = { projects: 0, matches: 0, added: 0, changed: 0, removed: 0 };

/** Updates the match lists of all projects, of one project, or for one volunteer. */
export const calculateMatches = defineJob({
  name: "calculate-matches",
  queue: "matching",
  description: "Computes which volunteers fit which open projects, and stores the best of each project.",
  payload: z
    .object({
      projectId: ID.optional().describe("update the list of this project only"),
      volunteerId: ID.optional().describe("update the lists for this volunteer only"),
    })
    .refine(
      ({ projectId, volunteerId }) => projectId === undefined || volunteerId === undefined,
      "projectId and volunteerId exclude each other",
    ),
  fromHost: { projectId: "projects", volunteerId: "users" },
  // Threads run at idle priority, so a range may wait for minutes before its transaction begins.
  timeLimitMs: 600_000,
  key: ({ projectId, volunteerId }) =>
    projectId ? `project:${projectId}` : volunteerId ? `volunteer:${volunteerId}` : "all",
  range: matchRange,
  cut: async ({ projectId, volunteerId }, { tx, runId, settings }): Promise<MatchRange[]> => {
    await waitForFullRun(tx, runId);
    const keep = settings.matching.matchesPerProject;
    if (projectId) return [rangeOfProject(projectId, keep)];
    if (volunteerId) return [];
    await moveWaitingLocations(tx);
    await resolveSpellings(tx);
    return cutRanges(tx, keep);
  },
  compute: async (range: MatchRange, context) => (range.shared ? computeLists(context, range) : null),
  run: async (range: MatchRange, context, computed: ComputedLists | null) => {
    if (computed) return done({ ...(await storeLists(context, range, computed)) });
    await lockSingleLists(context.tx, context.runId);
    return done({ ...(await storeLists(context, range, await computeAlone(context, range))) });
  },
  sum: async ({ volunteerId }, counts, { tx, runId, now, settings, round }) => {
    if (!volunteerId || round > 0) return done({ ...NOTHING, ...counts });
    const keep = settings.matching.matchesPerProject;
    await lockSingleLists(tx, runId);
    const placed = await placeInLists(tx, [volunteerId], keep, now);
    return further(
      placed.recompute.map((id) => rangeOfProject(id, keep)),
      { ...placed.counts },
    );
  },
});
