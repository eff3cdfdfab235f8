import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import {
  cutResumeProjects,
  decideResumes,
  projectRange,
  readResumeCandidates,
  recordResumeNudges,
} from "../../../nudges/resume-nudges.ts";
import { defineJob } from "../../../queues/job.ts";
import { countReasons, done, skipped } from "../../../queues/outcome.ts";

/** Each step is sent once per edit. It is recorded in `resume_nudges`, independent of the notification. */
export const resumeIncompleteNudges = defineJob({
  name: "resume-incomplete-nudges",
  queue: "notifications",
  description: "Nudges the owners of projects to complete their resumes, in four steps after the last edit.",
  payload: z.object({
    projectId: ownIdField().optional().describe("only this project; default: all open projects"),
  }),
  key: ({ projectId }) => projectId ?? "all",
  range: projectRange,
  cut: ({ projectId }, { tx }) => cutResumeProjects(tx, projectId ?? null),
  run: async (range, { tx, now, remark }) => {
    const decided = decideResumes(await readResumeCandidates(tx, range, now), now);
    for (const { candidate, decision } of decided) {
      remark({
        about: `project ${candidate.projectId}, ${candidate.kind} resume, user ${candidate.userId}`,
        decision: decision.kind === "none" ? decision.reason : `nudged (step ${decision.step})`,
      });
    }
    const nudged = await recordResumeNudges(tx, decided, now);
    return done({ nudged, ...countReasons(decided.map(({ decision }) => decision)) });
  },
  sum: async (_payload, counts) =>
    Object.keys(counts).length === 0 ? skipped("no project is open") : done({ nudged: 0, ...counts }),
});
