import { z } from "zod";
import { ownIdField } from "../../ids.ts";
import { defineJob } from "../../queues/job.ts";
import { Cancel, done, Snooze } from "../../queues/outcome.ts";
import { multiplierRange, recalculateRange } from "../../rewards/multiplier-range.ts";
import {
  advanceWatermarks,
  cutProfiles,
  organizationExists,
  otherRunUnderWay,
} from "../../rewards/multiplier-scope.ts";

const OTHER_RUN_CHECK_MS = 2_000;
const NAME = "recalculate-multipliers";

/**
 * Recalculates activity multipliers as of its slot. It enqueues nothing: the referrer of a profile is marked
 * when the profile acts.
 */
export const recalculateMultipliers = defineJob({
  name: NAME,
  queue: "multipliers",
  description: "Recalculates the activity multipliers of volunteers from their tasks and referrals.",
  payload: z.object({
    organizationId: ownIdField().optional().describe("only of this organization; default: of all"),
    full: z
      .boolean()
      .default(false)
      .describe("recalculate every multiplier, not only those that may have changed since the last run"),
  }),
  key: ({ organizationId, full }) => `${organizationId ?? "all"}${full ? ":full" : ""}`,
  range: multiplierRange,
  counts: z.object({ calculated: z.int().optional(), moved: z.int().optional() }),
  cut: async ({ organizationId, full }, { tx, runId, settings }) => {
    if (organizationId !== undefined && !(await organizationExists(tx, organizationId))) {
      throw new Cancel("there is no such organization");
    }
    if (await otherRunUnderWay(tx, NAME, runId))
      throw new Snooze(OTHER_RUN_CHECK_MS, "another run is in progress");
    const { maxHundredths } = settings.multipliers;
    return cutProfiles(tx, { organizationId: organizationId ?? null, full, maxHundredths });
  },
  run: async (range, { tx, now }) => done({ ...(await recalculateRange(tx, range, now)) }),
  sum: async ({ organizationId }, counts, { tx, now, settings }) => {
    const { maxHundredths } = settings.multipliers;
    await advanceWatermarks(tx, { organizationId: organizationId ?? null, maxHundredths }, now);
    return done({ calculated: 0, moved: 0, ...counts });
  },
});
