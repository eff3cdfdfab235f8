import { sql } from "drizzle-orm";
import {
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
import { users, volunteers } from "./users.ts";

const volunteerRef = () =>
  ref()
    .notNull()
    .references(() => volunteers.userId, { onDelete: "cascade" });
const projectRef = () =>
  ref()
    .notNull()
    .references(() => projects.id, { onDelete: "cascade" });
const userRef = () =>
  ref()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** What people can do and projects need. Kept by the host platform, as the next four. */
export const skills = pgTable("skills", { id: id(), hostId: hostId(), name: text().notNull().unique() });

/** A skill that a volunteer has. */
export const volunteerSkills = pgTable(
  "volunteer_skills",
  {
    volunteerId: volunteerRef(),
    skillId: ref()
      .notNull()
      .references(() => skills.id, { onDelete: "cascade" }),
    hostId: hostId(),
    /** How strong it is; counted to a thousandth. */
    weight: real().notNull().default(0.5),
    proficiency: text(),
    years: real(),
    lastUsed: date(),
  },
  (t) => [
    // matching: the skills of a stretch of volunteers, or of one.
    primaryKey({ columns: [t.volunteerId, t.skillId] }),
    // matching of one project: who has its skills. Read from the index alone.
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
    // matching: the requirement of a project.
    primaryKey({ columns: [t.projectId, t.skillId] }),
    // matches of one volunteer: the projects that need their skills.
    index("project_required_skills_skill").on(t.skillId, t.projectId),
  ],
);

/** Who is on the team of a project, or was. */
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
    // notices: who is not told of a project any more.
    primaryKey({ columns: [t.projectId, t.userId] }),
    check("project_team_members_status", sql`status in ('invited', 'active', 'left', 'removed')`),
  ],
);

/** Who applied for a project, and what became of it. */
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
    // notices: who is not told of a project any more.
    primaryKey({ columns: [t.projectId, t.userId] }),
    check("project_applications_status", sql`status in ('pending', 'accepted', 'rejected', 'withdrawn')`),
  ],
);

/**
 * The best candidates of each open project. Two million rows are written by one run, so there is no foreign key (each would look up
 * every row), one index beside the key, and room in the pages for scores that change in place.
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
    /** Null: it did not count. */
    locationScore: doublePrecision(),
    matchedSkillIds: bigint({ mode: "bigint" }).array().notNull(),
    matchedSkillCount: smallint().notNull(),
    /** The slot of the run that wrote these values; a run that finds the same leaves the row as it is. */
    calculatedAt: instant().notNull(),
  },
  (t) => [
    // candidates of a project: at most a few hundred, sorted when read.
    primaryKey({ columns: [t.projectId, t.volunteerId] }),
    // a volunteer whose skills changed, or who is gone.
    index("volunteer_initiative_matches_volunteer").on(t.volunteerId),
  ],
);

/** How long the list of a project is, and the lowest score on it: whether somebody can enter, without reading the list. */
export const projectMatchLists = pgTable("project_match_lists", {
  projectId: ref().primaryKey(),
  size: integer().notNull(),
  floorScore: doublePrecision().notNull(),
});

/**
 * Whom a run of the notices may choose for a project: written by its ranges, read and deleted by the sum that chooses. No foreign key to
 * projects: what is gone when the sum looks is left out by it.
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
    // the sum: all of its run, by project. Deleting a run: what it left behind.
    primaryKey({ columns: [t.runId, t.projectId] }),
  ],
);

/** One run of the notices: for the audit, and for the report that the command line prints. Never for telling who was told before. */
export const candidateBatches = pgTable(
  "candidate_batches",
  {
    id: uuid().primaryKey().defaultRandom(),
    runId: ref(),
    slot: instant().notNull(),
    /** The numbers that it was decided with. */
    places: integer().notNull(),
    minimumScore: doublePrecision().notNull(),
    /** For each project: how many were told, the lead who was, and how many were passed over for which reason. */
    report: jsonb().notNull(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // the report of a run.
    index("candidate_batches_run").on(t.runId),
  ],
);

/** Who was told of which project, when and in which run. */
export const candidateNotifications = pgTable(
  "candidate_notifications",
  {
    projectId: projectRef(),
    volunteerId: volunteerRef(),
    matchScore: doublePrecision().notNull(),
    /** The run, for the audit; what was told before is found by project, volunteer and slot. */
    batchId: uuid().notNull(),
    /** Which of the texts they got. */
    variant: text(),
    /** The slot of the run: days are compared by it, whatever the clock said. */
    slot: instant().notNull(),
    notifiedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // notices: when somebody was told of this project last.
    primaryKey({ columns: [t.projectId, t.volunteerId, t.slot] }),
    // notices: who has been told of anything on this day.
    index("candidate_notifications_volunteer").on(t.volunteerId, t.slot),
    // audit and CLI: what one run told.
    index("candidate_notifications_batch").on(t.batchId),
    // prune-candidate-notifications.
    index("candidate_notifications_slot").on(t.slot),
  ],
);
