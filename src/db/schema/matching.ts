import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { bytes, hostId, id, instant, ref } from "./columns.ts";
import { projects } from "./platform.ts";
import { jobRuns } from "./queue.ts";
import { userRef, volunteers } from "./users.ts";

const volunteerRef = () =>
  ref()
    .notNull()
    .references(() => volunteers.userId, { onDelete: "cascade" });
const projectRef = () =>
  ref()
    .notNull()
    .references(() => projects.id, { onDelete: "cascade" });

/** Skills of volunteers and projects. The host platform fills this table and the next four. */
export const skills = pgTable(
  "skills",
  {
    id: id(),
    hostId: hostId(),
    name: text().notNull().unique(),
    /** The skill of which this is another spelling; null for the canonical one. Set by calculate-matches. */
    sameAs: ref().references((): AnyPgColumn => skills.id, { onDelete: "set null" }),
  },
  (t) => [
    // matching: the other spellings of a skill.
    index("skills_same_as").on(t.sameAs).where(sql`same_as is not null`),
  ],
);

/** A skill that a volunteer has. */
export const volunteerSkills = pgTable(
  "volunteer_skills",
  {
    volunteerId: volunteerRef(),
    skillId: ref()
      .notNull()
      .references(() => skills.id, { onDelete: "cascade" }),
    hostId: hostId(),
    /** Strength, in thousandths. */
    weight: real().notNull().default(0.5),
    proficiency: text(),
    years: real(),
    lastUsed: date(),
  },
  (t) => [
    // matching: the skills of a range of volunteers, or of one.
    primaryKey({ columns: [t.volunteerId, t.skillId] }),
    // matching of one project: the volunteers with its skills, by index-only scans.
    index("volunteer_skills_skill").on(t.skillId, t.volunteerId, t.weight),
    check("volunteer_skills_weight", sql`weight between 0.1::real and 1::real`),
  ],
);

/** A skill that a project needs. */
export const projectRequiredSkills = pgTable(
  "project_required_skills",
  {
    projectId: projectRef(),
    skillId: ref()
      .notNull()
      .references(() => skills.id, { onDelete: "cascade" }),
    hostId: hostId(),
  },
  (t) => [
    // matching: the required skills of a project.
    primaryKey({ columns: [t.projectId, t.skillId] }),
    // matches of one volunteer: the projects that require their skills.
    index("project_required_skills_skill").on(t.skillId, t.projectId),
  ],
);

/** Current and former team members of a project. */
export const projectTeamMembers = pgTable(
  "project_team_members",
  {
    projectId: projectRef(),
    userId: userRef(),
    hostId: hostId(),
    status: text({ enum: ["invited", "active", "left", "removed"] })
      .notNull()
      .default("active"),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // notices: who is no longer notified of a project.
    primaryKey({ columns: [t.projectId, t.userId] }),
    check("project_team_members_status", sql`status in ('invited', 'active', 'left', 'removed')`),
  ],
);

/** Applications for projects, and their result. */
export const projectApplications = pgTable(
  "project_applications",
  {
    projectId: projectRef(),
    userId: userRef(),
    hostId: hostId(),
    status: text({ enum: ["pending", "accepted", "rejected", "withdrawn"] })
      .notNull()
      .default("pending"),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // notices: who is no longer notified of a project.
    primaryKey({ columns: [t.projectId, t.userId] }),
    check("project_applications_status", sql`status in ('pending', 'accepted', 'rejected', 'withdrawn')`),
  ],
);

/** Projects that users dismissed: they are no longer matched with them. */
export const matchDismissals = pgTable(
  "match_dismissals",
  {
    projectId: projectRef(),
    userId: userRef(),
    dismissedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // candidates of a project.
    primaryKey({ columns: [t.projectId, t.userId] }),
    // what a user dismissed; deleting the user.
    index("match_dismissals_user").on(t.userId),
  ],
);

/**
 * The best candidates of each open project. One run writes two million rows: no foreign keys, which would
 * look up every row, one index besides the key, and room in the pages for updates in place.
 */
export const volunteerInitiativeMatches = pgTable(
  "volunteer_initiative_matches",
  {
    projectId: ref().notNull(),
    volunteerId: ref().notNull(),
    /** Shares from 0 to 1, in whole millionths. */
    matchScore: doublePrecision().notNull(),
    coverage: doublePrecision().notNull(),
    cosine: doublePrecision().notNull(),
    jaccard: doublePrecision().notNull(),
    /** Null: not counted. */
    locationScore: doublePrecision(),
    matchedSkillIds: bigint({ mode: "bigint" }).array().notNull(),
    matchedSkillCount: smallint().notNull(),
    /** The slot of the run that wrote these values; a run that finds the same values does not write. */
    calculatedAt: instant().notNull(),
  },
  (t) => [
    // candidates of a project: at most a few hundred, sorted when read.
    primaryKey({ columns: [t.projectId, t.volunteerId] }),
    // the matches of a volunteer whose skills changed, or who was deleted.
    index("volunteer_initiative_matches_volunteer").on(t.volunteerId),
  ],
);

/** Length and lowest score of a project's list: whether a volunteer can enter it, without reading it. */
export const projectMatchLists = pgTable("project_match_lists", {
  projectId: ref().primaryKey(),
  size: integer().notNull(),
  /** How many rows it could hold when it was computed. Below that, everybody who matches is on it. */
  capacity: integer().notNull().default(0),
  floorScore: doublePrecision().notNull(),
});

/**
 * The candidates that a run of notices may choose from: written by its ranges, read and deleted by its sum.
 * No foreign key to projects: the sum leaves out projects that no longer exist.
 */
export const noticeCandidates = pgTable(
  "notice_candidates",
  {
    runId: ref()
      .notNull()
      .references(() => jobRuns.id, { onDelete: "cascade" }),
    projectId: ref().notNull(),
    /** Best first, in the layout of src/scoring/project-matching/choose-from-lists.ts. */
    pairs: bytes().notNull(),
  },
  (t) => [
    // the sum: all candidates of its run, by project. Deleting a run.
    primaryKey({ columns: [t.runId, t.projectId] }),
  ],
);

/**
 * One run of notices: for the audit and for the report of the CLI. Not for finding who was notified before.
 */
export const candidateBatches = pgTable(
  "candidate_batches",
  {
    id: uuid().primaryKey().defaultRandom(),
    runId: ref(),
    slot: instant().notNull(),
    /** The settings it was decided with. */
    places: integer().notNull(),
    minimumScore: doublePrecision().notNull(),
    /** For each project: how many were notified, the lead who was, and how many were skipped, by reason. */
    report: jsonb().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // the report of a run.
    index("candidate_batches_run").on(t.runId),
  ],
);

/**
 * Changes of what match lists are computed from, marked by triggers (mark_match_changes): only inserted, so
 * that transactions of hosts do not wait for each other. Runs delete those that their lists contain.
 */
export const matchMarks = pgTable(
  "match_marks",
  {
    id: id(),
    /** A volunteer who changed. */
    userId: ref(),
    /** A project that changed. A mark with neither stands for very many changes. */
    projectId: ref(),
    /** The run over all projects whose lists contain the change once it is done. */
    runId: ref(),
  },
  (t) => [
    // erasure, and volunteers who were placed.
    index("match_marks_user").on(t.userId).where(sql`user_id is not null`),
    // projects whose lists were computed.
    index("match_marks_project").on(t.projectId).where(sql`project_id is not null`),
  ],
);

/** Notices: who was notified of which project, when and in which run. */
export const candidateNotifications = pgTable(
  "candidate_notifications",
  {
    projectId: projectRef(),
    volunteerId: volunteerRef(),
    matchScore: doublePrecision().notNull(),
    /** The run, for the audit. Earlier notices are found by project, volunteer and slot. */
    batchId: uuid().notNull(),
    /** The variant of the text. */
    variant: text(),
    /** The slot of the run. Days are compared by it, not by the clock. */
    slot: instant().notNull(),
    notifiedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // notices: when a user was last notified of this project.
    primaryKey({ columns: [t.projectId, t.volunteerId, t.slot] }),
    // notices: who was notified of anything on this day.
    index("candidate_notifications_volunteer").on(t.volunteerId, t.slot),
    // audit and CLI: the notices of one run.
    index("candidate_notifications_batch").on(t.batchId),
    // prune-candidate-notifications.
    index("candidate_notifications_slot").on(t.slot),
  ],
);
