import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import {
  cutResumeProjects,
  decideResumes,
  type ProjectRange,
  readResumeCandidates,
  recordResumeNudges,
} from "../../../nudges/resume-nudges.ts";
import { tallyOf } from "../../../nudges/tally.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";

/** Each step is told once for each edit, by a log of its own: what becomes of the notification changes nothing in it. */
export const resumeIncompleteNudges = defineJob({
  name: "resume-incomplete-nudges",
  queue: "notifications",
  description: "Nudges the owners of projects to complete their resumes, in four steps after the last edit.",
  payload: z.object({
    projectId: ownIdField()
      .optional()
      .describe("of this project alone, by its id; default: of all that are open"),
  }),
  key: ({ projectId }) => projectId ?? "all",
  cut: ({ projectId }, { tx }) => cutResumeProjects(tx, projectId ?? null),
  run: async (range: ProjectRange, { tx, now, remark }) => {
    const decided = decideResumes(await readResumeCandidates(tx, range, now), now);
    for (const { candidate, decision } of decided) {
      remark({
        about: `project ${candidate.projectId}, ${candidate.kind} resume, user ${candidate.userId}`,
        decision: decision.kind === "none" ? decision.reason : `nudged (step ${decision.step})`,
      });
    }
    const nudged = await recordResumeNudges(tx, decided, now);
    return done({ nudged, ...tallyOf(decided.map(({ decision }) => decision)) });
  },
  sum: async (_payload, counts) =>
    Object.keys(counts).length === 0 ? skipped("there is no open project") : done({ nudged: 0, ...counts }),
});
