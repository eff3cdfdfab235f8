import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { hostId, id, instant, knownIdIndex, ref } from "./columns.ts";
import { organizations, userRef, users } from "./users.ts";

// Tables that the host platform fills and jobs read: memberships, projects, documents, permissions.

/** Members of an organization. Its owners are notified of what concerns all its projects. */
export const organizationMembers = pgTable(
  "organization_members",
  {
    organizationId: ref()
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    role: text({ enum: ["owner", "member"] })
      .notNull()
      .default("member"),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // the owners of an organization, who also own its projects: recipients.
    primaryKey({ columns: [t.organizationId, t.userId] }),
    // the organizations of a user: permissions.
    index("organization_members_user").on(t.userId),
    check("organization_members_role", sql`role in ('owner', 'member')`),
  ],
);

/** A project of an organization. Its owners are those of the organization, and its creator. */
export const projects = pgTable(
  "projects",
  {
    id: id(),
    hostId: hostId(),
    organizationId: ref()
      .notNull()
      .references(() => organizations.id),
    name: text().notNull(),
    projectStatus: text({ enum: ["draft", "recruiting", "active", "completed", "archived"] })
      .notNull()
      .default("draft"),
    teamLead: ref().references(() => users.id, { onDelete: "set null" }),
    createdBy: ref()
      .notNull()
      .references(() => users.id),
    latitude: doublePrecision(),
    longitude: doublePrecision(),
    remote: boolean().notNull().default(false),
    /** Whether candidates and the team lead are notified of matches. */
    autoNotify: boolean().notNull().default(true),
    createdAt: instant().notNull().defaultNow(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    knownIdIndex("projects_known_id", t),
    // the projects of an organization: nudges of its owners.
    index("projects_organization").on(t.organizationId),
    // matching: open projects.
    index("projects_open").on(t.id).where(sql`project_status in ('recruiting', 'active')`),
    check(
      "projects_status",
      sql`project_status in ('draft', 'recruiting', 'active', 'completed', 'archived')`,
    ),
    check(
      "projects_place",
      sql`(latitude is null) = (longitude is null) and latitude between -90 and 90 and longitude between -180 and 180`,
    ),
  ],
);

/** Members of a project. */
export const projectMembers = pgTable(
  "project_members",
  {
    projectId: ref()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // matching: the team of a project.
    primaryKey({ columns: [t.projectId, t.userId] }),
    // the projects of a user.
    index("project_members_user").on(t.userId),
  ],
);

/** Access to a project for users who do not own it. */
export const projectAccessGrants = pgTable(
  "project_access_grants",
  {
    projectId: ref()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    permission: text({ enum: ["view", "edit"] }).notNull(),
    grantedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // recipients of events in a project, and whether a user may still see it.
    primaryKey({ columns: [t.projectId, t.userId] }),
    // the grants of a user.
    index("project_access_grants_user").on(t.userId),
    check("project_access_grants_permission", sql`permission in ('view', 'edit')`),
  ],
);

/** A document of a project. */
export const resources = pgTable(
  "resources",
  {
    id: id(),
    hostId: hostId(),
    projectId: ref()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    kind: text().notNull().default("document"),
    createdBy: ref().references(() => users.id, { onDelete: "set null" }),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // the documents of a project.
    index("resources_project").on(t.projectId),
  ],
);

/** A user's permission for one document. It overrides the permission for the project in both directions. */
export const resourcePermissions = pgTable(
  "resource_permissions",
  {
    resourceId: ref()
      .notNull()
      .references(() => resources.id, { onDelete: "cascade" }),
    userId: userRef(),
    hostId: hostId(),
    permission: text({ enum: ["none", "view", "edit"] }).notNull(),
  },
  (t) => [
    // whether a user may see a document.
    primaryKey({ columns: [t.resourceId, t.userId] }),
    check("resource_permissions_permission", sql`permission in ('none', 'view', 'edit')`),
  ],
);

/** Completeness of the description of a project, or of its borrower. No row counts as 0. */
export const resumes = pgTable(
  "resumes",
  {
    id: id(),
    hostId: hostId(),
    projectId: ref()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    kind: text({ enum: ["project", "borrower"] }).notNull(),
    completeness: integer().notNull().default(0),
    editedAt: instant(),
  },
  (t) => [
    // the two resumes of a project.
    uniqueIndex("resumes_project_kind").on(t.projectId, t.kind),
    check("resumes_kind", sql`kind in ('project', 'borrower')`),
    check("resumes_completeness", sql`completeness between 0 and 100`),
  ],
);
