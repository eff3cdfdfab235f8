import { index, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { instant, ref } from "./columns.ts";
import { organizations } from "./users.ts";

/**
 * Each change of a multiplier, with the facts and components it was computed from. Append-only. No foreign
 * key: the statement that writes a row has just read the profile, and a lookup would add half of its cost.
 */
export const multiplierHistory = pgTable(
  "multiplier_history",
  {
    profileId: ref().notNull(),
    /** The slot of the run: activity before it counts, and the multiplier applies from then on. */
    calculatedAt: instant().notNull(),
    previousHundredths: integer().notNull(),
    multiplierHundredths: integer().notNull(),
    level: integer().notNull(),
    approvedIn30Days: integer("approved_in_30_days").notNull(),
    /** At most 10: more do not count. */
    activeDirectReferrals: integer().notNull(),
    /** Null: no activity yet. */
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
    // dashboard: what a run changed. The table is in the order of time, so some pages are enough.
    index("multiplier_history_calculated").using("brin", t.calculatedAt).with({ autosummarize: true }),
  ],
);

/**
 * Profiles whose multiplier may have changed: inserted by triggers, deleted by the next run, never updated,
 * so that the host never waits for a run. Several marks of one profile count as one.
 */
export const multiplierMarks = pgTable(
  "multiplier_marks",
  {
    profileId: ref().notNull(),
    /** The latest time in the written rows: a run as of an earlier instant leaves the mark. */
    dueAt: instant().notNull(),
  },
  (t) => [
    // recalculate-multipliers: the marks of a range of profiles.
    index("multiplier_marks_profile").on(t.profileId),
  ],
);

/** Until when the multipliers of an organization have been computed, and with which maximum. */
export const multiplierWatermarks = pgTable("multiplier_watermarks", {
  organizationId: ref()
    .primaryKey()
    .references(() => organizations.id, { onDelete: "cascade" }),
  through: instant().notNull(),
  maxHundredths: integer().notNull(),
});
