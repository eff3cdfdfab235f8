import { z } from "zod";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { cutOrganizations, dueBudgets, organizationRange } from "../../rewards/due-budgets.ts";
import { distributeBudget } from "./distribute-budget.ts";

/** Finds closed periods that were not paid, by the time zone of each organization. */
export const sweepDueBudgets = defineJob({
  name: "sweep-due-budgets",
  queue: "budgets",
  description:
    "Finds closed budget periods that were not paid, and enqueues the oldest of each organization.",
  payload: z.object({}),
  key: () => "all",
  range: organizationRange,
  cut: (_payload, { tx }) => cutOrganizations(tx),
  run: async (range, { tx, now, log, settings }) => {
    const { due, unknownZone } = await dueBudgets(tx, now, settings.defaultTimeZone, range);
    if (unknownZone.length > 0)
      log.warn({ organizations: unknownZone }, "unknown time zones of organizations");
    await enqueueMany(
      tx,
      distributeBudget,
      due.map(({ organizationId, period: { type, start } }) => ({ organizationId, period: type, start })),
    );
    return done({ due: due.length, unknownZone: unknownZone.length });
  },
  sum: async (_payload, counts) => done({ due: 0, unknownZone: 0, ...counts }),
});
