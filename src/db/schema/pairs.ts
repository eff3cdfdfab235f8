import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  real,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytes, instant, ref } from "./columns.ts";
import { users } from "./users.ts";
import { listVersions } from "./versions.ts";

// Lists of people for people. They have no foreign keys to users: readers join the current profiles, so rows
// of a user who has left are served to nobody, and are deleted with the version.

const versionRef = () =>
  ref()
    .notNull()
    .references(() => listVersions.id, { onDelete: "cascade" });

/**
 * The users of a version by position: lists name each other's users by it. They hold the facts that the lists
 * are computed from, so that every worker sees the same facts, whatever has changed since.
 */
export const pairPeople = pgTable(
  "pair_people",
  {
    version: versionRef(),
    position: integer().notNull(),
    userId: ref().notNull(),
    /** JSON of PersonRow (src/scoring/people/read-facts.ts). Null: on no list, since they are new or gone. */
    facts: text(),
    /** `changes` of the version when the facts were last replaced; 0: when it was opened. */
    changed: integer().notNull().default(0),
  },
  (t) => [
    // who is at a position.
    primaryKey({ columns: [t.version, t.position] }),
    // where a user is.
    uniqueIndex("pair_people_user").on(t.userId, t.version),
    // place-pairs: whose facts were replaced since they were read.
    index("pair_people_changed").on(t.version, t.changed).where(sql`changed > 0`),
  ],
);

/**
 * The best candidates of a user in one tier, as one row: forty million rows would take ten times as long to
 * write. Of people who were placed since a list was written, its entries are no longer valid: pair_entries
 * has theirs. The view match_scores shows a row for each that is served.
 */
export const pairLists = pgTable(
  "pair_lists",
  {
    version: versionRef(),
    userId: ref().notNull(),
    /** A: all preferences of the user are met; else B. */
    tier: text({ enum: ["A", "B"] }).notNull(),
    /** Best first: more than are served, so that a list can lose some. */
    positions: integer().array().notNull(),
    /** Rounded; scorePair() gives them in full. */
    scores: real().array().notNull(),
    /** A byte for each term of each candidate (src/scoring/people/pair-bytes.ts). */
    components: bytes().notNull(),
    /** Nobody outside the list ranks before this score and id. Null: nobody is outside of it. */
    floorScore: doublePrecision(),
    floorUserId: ref(),
    scoredAt: instant().notNull(),
    /** `changes` of the version when the list was written; 0: with the version. */
    changed: integer().notNull().default(0),
  },
  (t) => [
    // the lists of a user.
    primaryKey({ columns: [t.version, t.userId, t.tier] }),
    // place-pairs: lists that were rewritten since they were read.
    index("pair_lists_changed").on(t.version, t.changed).where(sql`changed > 0`),
    check("pair_lists_tier", sql`tier in ('A', 'B')`),
    check(
      "pair_lists_sizes",
      sql`cardinality(scores) = cardinality(positions) and length(components) = 6 * cardinality(positions)
          and (floor_score is null) = (floor_user_id is null)`,
    ),
  ],
);

/**
 * Entries of people who were placed since a version was opened, beside the lists of others that they entered:
 * one person enters thousands of lists, and rewriting each of them takes a hundred times as long. An entry is
 * valid while its person was not placed again and its list was not written since.
 */
export const pairEntries = pgTable(
  "pair_entries",
  {
    version: versionRef(),
    /** Of the viewers, by position (src/scoring/people/pair-entries.ts); -1: lists that people left. */
    part: integer().notNull(),
    /** `changes` of the version with those who were placed. */
    change: integer().notNull(),
    /** 2 x position of the viewer, and 1 for tier B. */
    lists: integer().array().notNull(),
    /** Positions, as many as lists; the columns below as well. None for lists that people left. */
    candidates: integer().array().notNull(),
    scores: real().array().notNull(),
    components: bytes().notNull(),
  },
  (t) => [
    // what entered the lists of a viewer.
    primaryKey({ columns: [t.version, t.part, t.change] }),
    check(
      "pair_entries_sizes",
      sql`(cardinality(candidates) = cardinality(lists) or part < 0) and cardinality(scores) = cardinality(candidates)
          and length(components) = 6 * cardinality(candidates)`,
    ),
  ],
);

/** Users who changed and wait to be placed in the lists. */
export const pairChanges = pgTable("pair_changes", {
  userId: ref()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  changedAt: instant().notNull().defaultNow(),
});

/**
 * How compatible a user is with their contacts and best matches, as one row. The view is user_compatibility.
 */
export const compatibilityLists = pgTable(
  "compatibility_lists",
  {
    version: versionRef(),
    userId: ref().notNull(),
    targetIds: bigint({ mode: "number" }).array().notNull(),
    /** From 0 to 1; -1: neither of the two has signals. */
    scores: real().array().notNull(),
    /** A byte for each term of each target. */
    components: bytes().notNull(),
    /** Of everything that the scores were computed from: a user with the same is skipped. */
    inputsHash: bytes().notNull(),
    computedAt: instant().notNull(),
  },
  (t) => [
    // the list of a user.
    primaryKey({ columns: [t.version, t.userId] }),
    check(
      "compatibility_lists_sizes",
      sql`cardinality(scores) = cardinality(target_ids) and length(components) = 4 * cardinality(target_ids)`,
    ),
  ],
);
