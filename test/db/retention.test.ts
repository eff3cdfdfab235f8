import { expect, it } from "vitest";
import { readSchema } from "../../src/dev/schema/schema-catalog.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { read } from "../support/pages.ts";
import { createWorld } from "../support/world.ts";

// What bounds each table. A table that is on none of these lists fails the test.

/** A test that shows that old rows are deleted: its file below `test`, its title, and the tables. */
type Shown = readonly [file: string, title: string, ...tables: string[]];

const NOTIFICATIONS = "workers/notifications";
const PEOPLE = "workers/matching/people";
const RECOMMENDATIONS = "workers/recommendations";

/** Rows are deleted by age, or once they are no longer needed, by a job that has a schedule. */
const DELETED_BY: Readonly<Record<string, readonly Shown[]>> = {
  "prune-history": [
    [
      "workers/maintenance/prune-history",
      "deletes old webhook calls of hosts, and of sales only those that were repeated",
      "inbox",
    ],
    [
      "workers/maintenance/prune-history",
      "deletes engagement that was recorded or taken back long ago",
      "engagement_events",
    ],
    [
      "workers/maintenance/prune-history",
      "deletes old finished runs, but not the last one of a schedule",
      "job_runs",
    ],
    ["workers/maintenance/prune-history", "deletes old audit entries, except those about money", "audit_log"],
    [
      "db/results/read-changes",
      "records nothing before it is first read, and nothing once it is no longer read",
      "change_feeds",
      "result_changes",
    ],
  ],
  "prune-events": [
    [
      `${NOTIFICATIONS}/fan-out/prune-events`,
      "deletes old events with their outcomes and receipts, and nothing else",
      "domain_events",
      "event_outcomes",
      "event_receipts",
    ],
  ],
  "prune-notifications": [
    [
      `${NOTIFICATIONS}/fan-out/prune-notifications`,
      "deletes rows older than the given number of days, and nothing else",
      "deliveries",
      "notifications",
    ],
    [
      `${NOTIFICATIONS}/fan-out/prune-notifications`,
      "deletes old e-mails and their rows, except pending ones",
      "email_batches",
      "email_digests",
      "email_events",
      "emails",
      "unsubscribe_tokens",
    ],
    [
      "nudges/nudge-retention",
      "a reminder is kept by the start it was for, not by when it was sent",
      "meeting_reminders",
    ],
    [
      "nudges/nudge-retention",
      "a nudge about a message is kept as long as the message, read or not, and its reader",
      "unread_nudges",
    ],
    [
      "nudges/nudge-retention",
      "the greatest step of a resume is kept, for the last edit and for the time without one",
      "resume_nudges",
    ],
  ],
  "prune-candidate-notifications": [
    [
      `${NOTIFICATIONS}/matching/prune-candidate-notifications`,
      "deletes notices whose slot is older than the given days, and runs without notices",
      "candidate_batches",
      "candidate_notifications",
    ],
    [
      `${NOTIFICATIONS}/matching/prune-candidate-notifications`,
      "deletes candidates that an old failed run left behind",
      "notice_candidates",
    ],
  ],
  "unread-thread-nudges": [
    [
      `${NOTIFICATIONS}/nudges/unread-thread-nudges`,
      "nudges after three hours, a day later, and then no more",
      "unread_marks",
      "unread_watches",
    ],
  ],
  "renew-calendar-watches": [
    [
      `${NOTIFICATIONS}/calendar/renew-calendar-watches`,
      "the full pass marks expired channels as stopped, and deletes those stopped long ago",
      "calendar_channels",
    ],
  ],
  "recalculate-multipliers": [
    [
      "workers/multipliers/recalculate-multipliers",
      "defect 16: enqueues nothing for ancestors: after a run the outbox is empty",
      "multiplier_marks",
    ],
  ],
  "calculate-matches": [
    ["workers/matching/calculate-matches", "computes all lists when %s", "match_marks"],
    [
      "workers/matching/calculate-matches",
      "writes differences only, and removes the list of a project that has closed",
      "project_match_lists",
      "volunteer_initiative_matches",
    ],
  ],
  // Its steps match-scores and compatibility.
  "run-workflow": [
    [
      `${PEOPLE}/match-scores`,
      "rows that a failed run has written are deleted by the next one",
      "list_versions",
      "pair_lists",
      "pair_people",
    ],
    [
      `${PEOPLE}/place-pairs`,
      "computes all lists once so many were placed that reads of lists would become slow",
      "pair_entries",
    ],
    [
      `${PEOPLE}/place-pairs`,
      "computes all lists where there are none yet, and where too many have changed",
      "pair_changes",
    ],
    [
      `${PEOPLE}/compatibility`,
      "--user-id compares one user; those who left lose their list",
      "compatibility_lists",
    ],
  ],
  "cleanup-old-postings": [
    [
      `${RECOMMENDATIONS}/cleanup-old-postings`,
      "cleaning old postings does not cascade into live recommendations: open ones and those closed lately stay",
      "jobs",
      "posting_buckets",
      "posting_sightings",
    ],
    [
      `${RECOMMENDATIONS}/cleanup-old-postings`,
      "deletes old counts of requests and the robots.txt of hosts that are not called any longer",
      "outside_requests",
      "robots_files",
    ],
  ],
  "cleanup-recommendations": [
    [
      `${RECOMMENDATIONS}/cleanup-recommendations`,
      "deletes lists and requests after three days, old views, and weights that newer ones have replaced",
      "recommendation_requests",
      "recommendation_views",
      "skill_rarities",
    ],
    [`${RECOMMENDATIONS}/embeddings`, "forget vectors after 30 days", "posting_vectors"],
    [
      `${RECOMMENDATIONS}/embeddings`,
      "send nothing of users who opted out, and delete their vectors",
      "user_vectors",
    ],
  ],
  "feed-presort-cleanup": [
    [
      "workers/feeds/feed-presort-cleanup",
      "deletes old versions, expired feeds, and those of users who are gone",
      "feed_presorted",
    ],
    ["workers/feeds/feed-presort-cleanup", "forgets what was seen more than 24 hours ago", "feed_seen"],
  ],
  trending: [
    ["workers/feeds/trending", "removes posts that are over, hidden, deleted or private", "trending_scores"],
  ],
};

/** Rows expire, and are deleted when the next one is written. */
const EXPIRE: readonly Shown[] = [
  [
    "alerts/counter-history",
    "two processes add to one row, and rows older than two hours are deleted",
    "alert_counts",
  ],
  [
    "security/dashboard",
    "a session that was signed out is over, also for copies of its cookie and in other processes",
    "ended_sessions",
  ],
  ["queues/job-activity", "steps older than eight days are deleted with the next ones", "job_activity"],
  ["roles/presence", "a process that was not seen for an hour is deleted by the others", "processes"],
  ["queues/activity", "minutes older than eight days are deleted with the next ones", "queue_minutes"],
  ["http/api/notifications", "faults 23: a ticket opens one stream, within a minute", "stream_tickets"],
];

/** Kept forever: the ledger, and what explains it. */
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

const shown = [...Object.values(DELETED_BY).flat(), ...EXPIRE];

it("every table is bounded by something", async () => {
  const { tables } = await readSchema((await createWorld()).db.drizzle);
  const bounded = [
    ...shown.flatMap(([, , ...names]) => names),
    ...MONEY,
    ...Object.values(AS_MANY_AS).flat(),
    ...OF_THE_HOST,
  ];
  expect(bounded.sort()).toEqual(tables.map(({ name }) => name).sort());
});

it("every table whose old rows are deleted has a test that shows it", () => {
  const missing = shown.filter(([file, title]) => !read(`test/${file}.test.ts`).includes(`"${title}"`));
  expect(missing).toEqual([]);
});

it("every job that deletes old rows has a schedule", () => {
  const scheduled = new Set(timetable.map(({ job }) => job.name));
  expect(Object.keys(DELETED_BY).filter((job) => !scheduled.has(job))).toEqual([]);
});
