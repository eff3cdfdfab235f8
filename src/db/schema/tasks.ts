import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { hostId, id, instant, ref } from "./columns.ts";
import { volunteerProfiles } from "./users.ts";

/** Tasks that volunteers can take on, and their reward. Filled by the host platform. */
export const taskTemplates = pgTable(
  "task_templates",
  {
    id: id(),
    hostId: hostId(),
    title: text().notNull().default(""),
    xpReward: integer().notNull().default(20),
    levelRequired: integer().notNull().default(1),
    frequency: text({ enum: ["once", "daily", "weekly", "monthly"] })
      .notNull()
      .default("once"),
    status: text({ enum: ["draft", "published", "archived"] })
      .notNull()
      .default("published"),
  },
  () => [
    check("task_templates_xp", sql`xp_reward >= 0`),
    check("task_templates_level", sql`level_required >= 1`),
  ],
);

/**
 * A task assigned to a volunteer. Filled by the host platform; triggers mark whose multiplier may change
 * (drizzle/0001_rules.sql).
 */
export const taskAssignments = pgTable(
  "task_assignments",
  {
    id: id(),
    hostId: hostId(),
    templateId: ref()
      .notNull()
      .references(() => taskTemplates.id),
    assigneeId: ref()
      .notNull()
      .references(() => volunteerProfiles.id),
    status: text({ enum: ["pending", "submitted", "approved", "rejected"] })
      .notNull()
      .default("pending"),
    assignedAt: instant().notNull().defaultNow(),
    /** 168 hours after the assignment, independent of the time zone of the session. */
    dueDate: instant()
      .notNull()
      .generatedAlwaysAs(sql`(assigned_at at time zone 'UTC' + interval '168 hours') at time zone 'UTC'`),
    submittedAt: instant(),
    reviewedAt: instant(),
    /** The later of submission and approval: when it last counted as activity. */
    activityAt: instant().generatedAlwaysAs(
      sql`greatest(submitted_at, case when status = 'approved' then reviewed_at end)`,
    ),
  },
  (t) => [
    // multipliers: approvals of a volunteer in a window. Budgets: approvals and rejections in a period, and
    // their reward.
    index("task_assignments_reviewed")
      .on(t.assigneeId, t.status, t.reviewedAt, t.templateId)
      .where(sql`reviewed_at is not null`),
    // multipliers and budgets: the last activity of a volunteer, and whether there was any in a window.
    index("task_assignments_activity").on(t.assigneeId, t.activityAt).where(sql`activity_at is not null`),
    // budgets: tasks that were never submitted.
    index("task_assignments_open")
      .on(t.assigneeId, t.assignedAt, t.reviewedAt)
      .where(sql`submitted_at is null`),
    check(
      "task_assignments_reviewed_when",
      sql`status not in ('approved', 'rejected') or reviewed_at is not null`,
    ),
  ],
);
