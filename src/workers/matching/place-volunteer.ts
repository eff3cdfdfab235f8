import { z } from "zod";
import { placeInLists } from "../../project-matching/place-volunteer.ts";
import { lockSingleLists } from "../../project-matching/run-exclusion.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";
import { calculateMatches } from "./calculate-matches.ts";

/** Follows `profile.updated`. Lists that have to be computed from all volunteers become jobs of their own. */
export const placeVolunteer = defineJob({
  name: "place-volunteer",
  queue: "matching",
  description: "Updates the match lists for one volunteer whose profile changed.",
  payload: z.object({
    volunteerId: z
      .string()
      .regex(/^[1-9]\d{0,14}$/, "must be an id")
      .describe("the volunteer"),
  }),
  key: ({ volunteerId }) => volunteerId,
  run: async ({ volunteerId }, { tx, runId, now, settings }) => {
    await lockSingleLists(tx, runId);
    const { counts, recompute } = await placeInLists(
      tx,
      volunteerId,
      settings.matching.matchesPerProject,
      now,
    );
    await enqueueMany(
      tx,
      calculateMatches,
      recompute.map((projectId) => ({ projectId })),
    );
    const { added, changed, removed } = counts;
    if (added + changed + removed + recompute.length === 0) return skipped("no list changes");
    return done({ ...counts, recomputes: recompute.length });
  },
});
