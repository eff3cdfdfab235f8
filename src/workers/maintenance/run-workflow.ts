import { z } from "zod";
import type { Tx } from "../../db/transaction.ts";
import { ownIdField } from "../../ids.ts";
import { defineJob } from "../../queues/job.ts";
import { startRun } from "../../queues/manual-runs.ts";
import { done, further, Snooze } from "../../queues/outcome.ts";
import { loadRun } from "../../queues/runs.ts";
import { stepsOf, WORKFLOW_NAMES, WORKFLOWS } from "./workflows.ts";

/** How soon the end of a step is noticed. */
const CHECK_MS = 1_000;

/** A step that was started: the row of its run. */
const stepRange = z.object({ step: z.string(), run: z.string() });
type StepRange = z.infer<typeof stepRange>;

const payload = z
  .object({
    workflow: z.enum(WORKFLOW_NAMES).describe("the workflow"),
    userId: ownIdField().optional().describe("the user, for workflows of one user"),
    full: z.boolean().optional().describe("also the jobs that read every file"),
  })
  .refine(({ workflow, userId }) => WORKFLOWS[workflow].ofUser === (userId !== undefined), {
    path: ["userId"],
    message: "is required for onboarding and not allowed for other workflows",
  });
type Payload = z.infer<typeof payload>;

/**
 * Runs the jobs of a workflow one after the other, each as a run of its own that any worker takes. A step
 * that fails does not keep the others from running. What has run is stored, so a run that was interrupted
 * continues with the step at which it was.
 */
export const runWorkflow = defineJob({
  name: "run-workflow",
  queue: "maintenance",
  description: "Runs several jobs one after the other, such as the daily maintenance of people and feeds.",
  payload,
  key: ({ workflow, userId = "all" }) => `${workflow}:${userId}`,
  range: stepRange,
  cut: async (input, { tx, runId }) => startStep(tx, input, 0, runId),
  run: async ({ run }: StepRange, { tx }) => {
    const step = await loadRun(tx, run);
    if (step && step.finishedAt === null) throw new Snooze(CHECK_MS, "the step has not ended");
    const hasFailed = step?.status === "failed" || step?.status === "cancelled";
    return done(hasFailed ? { steps: 1, failed: 1 } : { steps: 1 });
  },
  sum: async (input, counts, { tx, runId, round }) => {
    const ranges = await startStep(tx, input, round + 1, runId);
    return ranges.length === 0 ? done(counts) : further(ranges, counts);
  },
});

/** Starts a step of a workflow; nothing if it has no such step. */
async function startStep(
  tx: Tx,
  { workflow, ...options }: Payload,
  index: number,
  partOf: string | null,
): Promise<StepRange[]> {
  const step = stepsOf(workflow, options)[index];
  if (!step) return [];
  return [{ step: step.job.name, run: await startRun(tx, step.job, step.input, { partOf }) }];
}
