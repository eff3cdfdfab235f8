import { expect, it } from "vitest";
import { readSchema } from "../../src/dev/schema/schema-catalog.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { createWorld } from "../support/world.ts";

// Nothing grows for ever unnoticed: what bounds each table. A new one is one line.

/** Rows are deleted by age, or once they are over, by a job that has a schedule. */
const DELETED_BY: Readonly<Record<string, readonly string[]>> = {
  "prune-history": ["audit_log", "change_feeds", "engagement_events", "inbox", "job_runs", "result_changes"],
  "prune-events": ["domain_events", "event_outcomes", "event_receipts"],
  "prune-notifications": [
    "deliveries",
    "email_batches",
    "email_digests",
    "email_events",
    "emails",
    "meeting_reminders",
    "notifications",
    "resume_nudges",
    "unread_nudges",
    "unsubscribe_tokens",
  ],
  "prune-candidate-notifications": ["candidate_batches", "candidate_notifications"],
  "notify-project-matches": ["notice_candidates"],
  "unread-thread-nudges": ["unread_marks", "unread_watches"],
  "renew-calendar-watches": ["calendar_channels"],
  "recalculate-multipliers": ["multiplier_marks"],
  "calculate-matches": ["match_marks", "project_match_lists", "volunteer_initiative_matches"],
  // Its steps match-scores and compatibility.
  "run-workflow": [
    "compatibility_lists",
    "list_versions",
    "pair_changes",
    "pair_entries",
    "pair_lists",
    "pair_people",
  ],
  "cleanup-old-postings": [
    "jobs",
    "outside_requests",
    "posting_buckets",
    "posting_sightings",
    "robots_files",
  ],
  "cleanup-recommendations": [
    "posting_vectors",
    "recommendation_requests",
    "recommendation_views",
    "skill_rarities",
    "user_vectors",
  ],
  "feed-presort-cleanup": ["feed_presorted", "feed_seen"],
  trending: ["trending_scores"],
};

/** Rows that expire, and are deleted when the next one is written. */
const EXPIRE = [
  "alert_counts",
  "ended_sessions",
  "job_activity",
  "processes",
  "queue_minutes",
  "stream_tickets",
];

/** Kept for ever: the books, and what explains them. */
const MONEY = [
  "budget_awards",
  "budget_periods",
  "commissions",
  "ledger_entries",
  "ledger_transactions",
  "ledger_verifications",
  "multiplier_history",
  "sale_refunds",
  "token_sales",
];

/** As many rows as the host, its users or its configuration have of something. */
const AS_MANY_AS: Readonly<Record<string, readonly string[]>> = {
  addresses: ["email_suppressions"],
  "calendars and their meetings": ["calendar_connections", "calendar_copies", "calendar_meetings"],
  "erased users": ["erased_users"],
  experiments: ["experiment_exposures"],
  jobs: ["job_pauses"],
  "lists of postings": ["posting_listings"],
  media: ["media_previews"],
  mirrors: ["mirrors"],
  organizations: ["multiplier_watermarks"],
  posts: ["post_features"],
  profiles: ["ledger_accounts", "ledger_balances", "referrals"],
  "rows that a host sends": ["record_versions"],
  "rows that are not mirrored": ["dirty", "mirror_faults", "mirror_waiting", "pending_records"],
  schedules: ["schedules"],
  sellers: ["sale_listings"],
  "skills and traits": ["skill_names", "traits"],
  "steps under way": ["event_sweep", "ledger_unbalanced", "outbox"],
  users: [
    "interest_subject_user_set",
    "interest_user_set",
    "profile_search_index",
    "recommendation_lists",
    "searchable_users",
    "unsubscriptions",
    "user_affinity_profiles",
    "user_traits",
  ],
};

/** Rows of the host, or of its users: it deletes them. */
const OF_THE_HOST = [
  "chat_thread_participants",
  "chat_threads",
  "cvs",
  "interest_subjects",
  "interests",
  "job_applications",
  "match_dismissals",
  "media",
  "meeting_participants",
  "meetings",
  "messages",
  "notification_preferences",
  "organization_members",
  "organizations",
  "post_media",
  "posts",
  "profile_access",
  "profile_preferences",
  "profile_ratings",
  "profiles",
  "project_access_grants",
  "project_applications",
  "project_members",
  "project_required_skills",
  "project_team_members",
  "projects",
  "quiz_answers",
  "quiz_options",
  "resource_permissions",
  "resources",
  "resumes",
  "skills",
  "task_assignments",
  "task_templates",
  "top5_items",
  "user_blocks",
  "user_interests",
  "user_matches",
  "user_notification_settings",
  "user_profiles",
  "users",
  "volunteer_profiles",
  "volunteer_skills",
  "volunteers",
];

it("every table is bounded by something", async () => {
  const { tables } = await readSchema((await createWorld()).db.drizzle);
  const bounded = [
    ...Object.values(DELETED_BY).flat(),
    ...EXPIRE,
    ...MONEY,
    ...Object.values(AS_MANY_AS).flat(),
    ...OF_THE_HOST,
  ];
  expect(bounded.sort()).toEqual(tables.map(({ name }) => name).sort());
});

it("every job that deletes old rows has a schedule", () => {
  const scheduled = new Set(timetable.map(({ job }) => job.name));
  expect(Object.keys(DELETED_BY).filter((job) => !scheduled.has(job))).toEqual([]);
});
