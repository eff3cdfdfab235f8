import { index, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { instant, ref } from "./columns.ts";
import { organizations } from "./users.ts";

/**
 * Each movement of a multiplier with the facts and components that it was worked out from. Append only. Written by the statement that
 * reads the profile, so a foreign key would look up again what has just been read, for half as much again of its cost.
 */
export const multiplierHistory = pgTable(
  "multiplier_history",
  {
    profileId: ref().notNull(),
    /** The slot of the run: what happened before it is counted, and from then on the multiplier is in force. */
    calculatedAt: instant().notNull(),
    previousHundredths: integer().notNull(),
    multiplierHundredths: integer().notNull(),
    level: integer().notNull(),
    approvedIn30Days: integer("approved_in_30_days").notNull(),
    /** Ten stands for ten or more: more count no further. */
    activeDirectReferrals: integer().notNull(),
    /** Null: there never was any activity. */
    daysSinceLastActivity: integer(),
    maxHundredths: integer().notNull(),
    baseHundredths: integer().notNull(),
    activityHundredths: integer().notNull(),
    referralHundredths: integer().notNull(),
    decayMillionths: integer().notNull(),
  },
  (t) => [
    // the multiplier in force at an instant: budgets, explain.
    primaryKey({ columns: [t.profileId, t.calculatedAt] }),
  ],
);

/**
 * Whose multiplier may have moved: written by triggers, taken by the next run. Only ever inserted and deleted, so that the host
 * platform never waits for a run; several marks of one profile are as good as one.
 */
export const multiplierMarks = pgTable(
  "multiplier_marks",
  {
    profileId: ref().notNull(),
    /** The latest time in what was written: a run as of an earlier instant does not see it yet, and leaves the mark. */
    dueAt: instant().notNull(),
  },
  (t) => [
    // recalculate-multipliers: the marks of a range of profiles.
    index("multiplier_marks_profile").on(t.profileId),
  ],
);

/** Up to which instant the multipliers of an organization have been worked out, and with which maximum. */
export const multiplierWatermarks = pgTable("multiplier_watermarks", {
  organizationId: ref()
    .primaryKey()
    .references(() => organizations.id, { onDelete: "cascade" }),
  through: instant().notNull(),
  maxHundredths: integer().notNull(),
});
