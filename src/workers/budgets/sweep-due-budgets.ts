import { z } from "zod";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { dueBudgets } from "../../rewards/due-budgets.ts";
import { distributeBudget } from "./distribute-budget.ts";

/** Finds what has closed and was not paid, in every organization's own zone. */
export const sweepDueBudgets = defineJob({
  name: "sweep-due-budgets",
  queue: "budgets",
  description:
    "Finds closed budget periods that were not paid, and has the oldest of each organization paid.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now, log, settings }) => {
    const { due, unknownZone } = await dueBudgets(tx, now, settings.defaultTimeZone);
    if (unknownZone.length > 0) log.warn({ organizations: unknownZone }, "nobody knows these time zones");
    await enqueueMany(
      tx,
      distributeBudget,
      due.map(({ organizationId, period: { type, start } }) => ({ organizationId, period: type, start })),
    );
    return done({ due: due.length, unknownZone: unknownZone.length });
  },
});
