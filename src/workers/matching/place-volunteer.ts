import { z } from "zod";
import { forgetVolunteers, MAX_PLACED } from "../../project-matching/marks.ts";
import { placeVolunteers } from "../../project-matching/place-volunteers.ts";
import { lockSingleLists } from "../../project-matching/run-exclusion.ts";
import { enqueue, enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done, type Outcome, skipped } from "../../queues/outcome.ts";
import { calculateMatches } from "./calculate-matches.ts";

/**
 * Follows `profile.updated`: volunteers whose profiles changed at the same time are placed together. Lists
 * that have to be computed from all volunteers become jobs of their own.
 */
export const placeVolunteer = defineJob({
  name: "place-volunteer",
  queue: "matching",
  description: "Updates the match lists for volunteers whose profiles changed.",
  payload: z.object({
    volunteerId: z
      .string()
      .regex(/^[1-9]\d{0,14}$/, "must be an id")
      .describe("the volunteer"),
  }),
  fromHost: { volunteerId: "users" },
  key: ({ volunteerId }) => volunteerId,
  batch: { size: 2_000 },
  runBatch: async (payloads, { tx, runId, now, settings }): Promise<Outcome[]> => {
    if (payloads.length > MAX_PLACED) {
      await enqueue(tx, calculateMatches, {});
      return forAll(payloads, done({ "full runs": 1 }), done());
    }
    await lockSingleLists(tx, runId);
    const volunteerIds = [...new Set(payloads.map(({ volunteerId }) => volunteerId))];
    await forgetVolunteers(tx, volunteerIds);
    const { counts, recompute } = await placeVolunteers(
      tx,
      volunteerIds,
      settings.matching.matchesPerProject,
      now,
    );
    await enqueueMany(
      tx,
      calculateMatches,
      recompute.map((projectId) => ({ projectId })),
    );
    const { added, changed, removed } = counts;
    if (added + changed + removed + recompute.length === 0)
      return forAll(payloads, skipped("no list changes"), skipped("no list changes"));
    return forAll(payloads, done({ ...counts, recomputes: recompute.length }), done());
  },
});

/** Entries that were processed together are counted once. */
const forAll = (payloads: readonly unknown[], first: Outcome, others: Outcome): Outcome[] =>
  payloads.map((_, index) => (index === 0 ? first : others));
