import { z } from "zod";
import { ownIdField } from "../../ids.ts";
import { defineJob } from "../../queues/job.ts";
import { Cancel, done, Snooze } from "../../queues/outcome.ts";
import { type MultiplierRange, recalculateRange } from "../../rewards/multiplier-range.ts";
import {
  advanceWatermarks,
  cutProfiles,
  organizationExists,
  otherRunUnderWay,
} from "../../rewards/multiplier-scope.ts";

const LOOK_AGAIN_MS = 2_000;
const NAME = "recalculate-multipliers";

/** Brings the activity multipliers up to its slot. It asks for nothing further: a profile's referrer is marked when the profile acts. */
export const recalculateMultipliers = defineJob({
  name: NAME,
  queue: "multipliers",
  description: "Works out the activity multipliers of volunteers from their tasks and referrals.",
  payload: z.object({
    organizationId: ownIdField()
      .optional()
      .describe("of this organization alone, by its id; default: of all"),
    full: z
      .boolean()
      .default(false)
      .describe("work out every multiplier, not only those that may have moved since the last run"),
  }),
  key: ({ organizationId, full }) => `${organizationId ?? "all"}${full ? ":full" : ""}`,
  cut: async ({ organizationId, full }, { tx, runId, settings }) => {
    if (organizationId !== undefined && !(await organizationExists(tx, organizationId))) {
      throw new Cancel("there is no such organization");
    }
    if (await otherRunUnderWay(tx, NAME, runId)) throw new Snooze(LOOK_AGAIN_MS, "another run is under way");
    const { maxHundredths } = settings.multipliers;
    return cutProfiles(tx, { organizationId: organizationId ?? null, full, maxHundredths });
  },
  run: async (range: MultiplierRange, { tx, now }) => done({ ...(await recalculateRange(tx, range, now)) }),
  sum: async ({ organizationId }, counts, { tx, now, settings }) => {
    const { maxHundredths } = settings.multipliers;
    await advanceWatermarks(tx, { organizationId: organizationId ?? null, maxHundredths }, now);
    return done({ calculated: 0, moved: 0, ...counts });
  },
});
