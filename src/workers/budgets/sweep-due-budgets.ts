import { z } from "zod";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { cutOrganizations, dueBudgets, organizationRange } from "../../rewards/due-budgets.ts";
import { distributeBudget } from "./distribute-budget.ts";

/**
 * At most this many organizations with an unknown time zone are named in the counts of a range, and of a run.
 */
const NAMED_BY_RANGE = 5;
const NAMED_BY_RUN = 10;

/** The count that names such an organization: `unknownZone-17: 1`. */
const nameOf = (organizationId: string): string => `unknownZone-${organizationId}`;
const isName = (count: string): boolean => count.startsWith("unknownZone-");

/** Finds closed periods that were not paid, by the time zone of each organization. */
export const sweepDueBudgets = defineJob({
  name: "sweep-due-budgets",
  queue: "budgets",
  description:
    "Finds closed budget periods that were not paid, and enqueues the oldest of each organization.",
  payload: z.object({}),
  key: () => "all",
  // Ranges are short, and with one at a time the process and Postgres wait for each other.
  rangesPerWorker: 2,
  range: organizationRange,
  cut: (_payload, { tx }) => cutOrganizations(tx),
  run: async (range, { tx, now, log, remark, settings }) => {
    const { due, unknownZone } = await dueBudgets(tx, now, settings.defaultTimeZone, range);
    const named = unknownZone.slice(0, NAMED_BY_RANGE);
    if (named.length > 0)
      log.warn(
        { count: unknownZone.length, organizations: named },
        "unknown time zones of organizations: their budgets are not paid",
      );
    for (const id of unknownZone) remark({ about: `organization ${id}`, decision: "unknown time zone" });
    await enqueueMany(
      tx,
      distributeBudget,
      due.map(({ organizationId, period: { type, start } }) => ({ organizationId, period: type, start })),
    );
    return done({
      due: due.length,
      unknownZone: unknownZone.length,
      ...Object.fromEntries(named.map((id) => [nameOf(id), 1])),
    });
  },
  sum: async (_payload, { due = 0, unknownZone = 0, ...named }) => {
    const names = Object.keys(named).filter(isName).slice(0, NAMED_BY_RUN);
    return done({ due, unknownZone, ...Object.fromEntries(names.map((name) => [name, 1])) });
  },
});
