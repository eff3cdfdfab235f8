/** The columns that a host may write in one of our tables, through a mapping or as records. */
export type HostTable = {
  readonly writes: readonly string[];
  /** The tables that columns without a foreign key refer to. */
  readonly refersTo?: Readonly<Record<string, string>>;
  /**
   * Ids of ours to which no foreign key belongs, so a host's id in them is not resolved: a mapping may write
   * them, a record may not.
   */
  readonly ownIds?: readonly string[];
  /** Columns that Commonwork computes or decides, and columns that grant rights. */
  readonly kept?: readonly string[];
};

/**
 * When we saw the last change of a row: runs that look for changed rows would miss those with older times.
 */
const CHANGED = ["updated_at"] as const;

const GRID = ["grid_latitude", "grid_longitude", "grid_moves", "grid_waiting"] as const;

/**
 * The tables that a host fills, and all of their columns but `id` and `host_id`. Two tables with rows of the
 * host are not among them: postings, which are compared with those of other sources, and engagement, which
 * has a function and a webhook of its own.
 */
export const HOST_TABLES = {
  users: {
    writes: ["name", "email", "time_zone", "language", "last_active_at", "deactivated_at", "created_at"],
    kept: ["public_id", "is_operator", "erased_at"],
  },
  organizations: {
    writes: ["name", "time_zone"],
    kept: ["budgets_from", "daily_pool_micro", "weekly_pool_micro", "monthly_pool_micro"],
  },
  organization_members: { writes: ["organization_id", "user_id", "role", "created_at"] },
  projects: {
    writes: [
      "organization_id",
      "created_by",
      "name",
      "project_status",
      "team_lead",
      "latitude",
      "longitude",
      "remote",
      "auto_notify",
      "created_at",
      "updated_at",
    ],
  },
  project_members: { writes: ["project_id", "user_id", "created_at"] },
  project_team_members: { writes: ["project_id", "user_id", "status", "created_at"] },
  project_applications: { writes: ["project_id", "user_id", "status", "created_at"] },
  project_access_grants: { writes: ["project_id", "user_id", "permission", "granted_at"] },
  project_required_skills: { writes: ["project_id", "skill_id"] },
  resources: { writes: ["project_id", "name", "kind", "created_by", "created_at"] },
  resource_permissions: { writes: ["resource_id", "user_id", "permission"] },
  resumes: { writes: ["project_id", "kind", "completeness", "edited_at"] },
  chat_threads: { writes: ["project_id", "topic", "created_at"] },
  chat_thread_participants: { writes: ["thread_id", "user_id", "last_read_at", "joined_at"] },
  messages: { writes: ["thread_id", "sender_id", "body", "created_at"] },
  meetings: {
    writes: [
      "project_id",
      "organizer_id",
      "title",
      "start_time",
      "end_time",
      "status",
      "created_at",
      "updated_at",
    ],
  },
  meeting_participants: { writes: ["meeting_id", "user_id", "response", "invited_at"] },
  volunteers: {
    writes: ["user_id", "skills_visible", "latitude", "longitude", "availability", "created_at"],
    kept: GRID,
  },
  volunteer_skills: {
    writes: ["volunteer_id", "skill_id", "weight", "proficiency", "years", "last_used"],
  },
  volunteer_profiles: {
    writes: [
      "user_id",
      "organization_id",
      "referrer_id",
      "referral_code",
      "created_at",
      "referred_at",
      "level",
      "total_xp",
      "last_activity_at",
    ],
    kept: ["upline", "activity_multiplier", "multiplier_calculated_at", "multiplier_due_at"],
  },
  skills: { writes: ["name"], kept: ["same_as"] },
  task_templates: { writes: ["title", "xp_reward", "level_required", "frequency", "status"] },
  task_assignments: {
    writes: ["template_id", "assignee_id", "status", "assigned_at", "submitted_at", "reviewed_at"],
    kept: ["due_date", "activity_at"],
  },
  profiles: {
    writes: [
      "user_id",
      "bio",
      "birth_date",
      "gender",
      "intent",
      "location_text",
      "latitude",
      "longitude",
      "quiz_vector",
      "hidden_attributes",
      "visible",
      "banned",
      "deleted_at",
      "created_at",
      "updated_at",
    ],
    ownIds: ["avatar_media_id"],
    kept: GRID,
  },
  profile_preferences: {
    writes: ["user_id", "genders", "age_min", "age_max", "distance_km", "updated_at"],
  },
  interest_subjects: { writes: ["key", "label", "updated_at"] },
  interests: { writes: ["subject_id", "key", "label", "updated_at"] },
  user_interests: { writes: ["user_id", "interest_id", "updated_at"] },
  quiz_options: { writes: ["question_id", "trait_values", "updated_at"] },
  quiz_answers: { writes: ["user_id", "quiz_id", "question_id", "option_id", "updated_at"] },
  profile_ratings: {
    writes: ["rater_id", "rated_id", "attractive", "smart", "funny", "interesting", "updated_at"],
  },
  profile_access: { writes: ["owner_id", "viewer_id", "status", "updated_at"] },
  user_blocks: { writes: ["blocker_id", "blocked_id", "updated_at"] },
  user_matches: { writes: ["user_id", "other_id", "updated_at"] },
  top5_items: { writes: ["user_id", "list", "position", "text", "updated_at"] },
  posts: {
    writes: ["author_id", "visibility", "content_type", "body", "created_at", "hidden_at", "deleted_at"],
    kept: CHANGED,
  },
  media: {
    writes: [
      "owner_id",
      "kind",
      "status",
      "visibility",
      "storage_key",
      "created_at",
      "mime_type",
      "size_bytes",
      "width",
      "height",
      "duration_ms",
    ],
    kept: ["details", "rejections", "fault", "failures", "checked_at", ...CHANGED],
  },
  post_media: {
    writes: ["post_id", "media_id", "position"],
    refersTo: { media_id: "media" },
    kept: CHANGED,
  },
  cvs: {
    writes: ["user_id", "parsed_content", "raw_text", "parsing_status", "is_active", "created_at"],
    kept: CHANGED,
  },
  user_profiles: {
    writes: [
      "user_id",
      "primary_job_title",
      "secondary_job_titles",
      "seniority_level",
      "work_preference",
      "technical_skills",
      "tools",
      "desired_industries",
      "salary_range_min",
      "salary_range_max",
      "salary_currency",
      "contract_type",
      "preferred_keywords",
      "excluded_keywords",
      "blacklisted_companies",
      "job_freshness_days",
      "embeddings_allowed",
    ],
    kept: CHANGED,
  },
  job_applications: {
    writes: ["user_id", "job_id", "status", "dismiss_reason", "dismissed_at", "saved_at"],
    kept: ["expires_at", ...CHANGED],
  },
  notification_preferences: {
    writes: ["user_id", "scope_type", "event_type", "channel", "status", "updated_at"],
    ownIds: ["scope_id"],
  },
  user_notification_settings: {
    writes: [
      "user_id",
      "frequency",
      "quiet_from",
      "quiet_to",
      "reminder_offsets",
      "unsubscribed_at",
      "unsubscribed_types",
      "digest_hour",
      "digest_day",
      "updated_at",
    ],
    kept: ["digest_changed_at"],
  },
} as const satisfies Readonly<Record<string, HostTable>>;

const TABLES: Readonly<Record<string, HostTable>> = HOST_TABLES;

/** The table of a name; null if a host may not write it. */
export const hostTable = (name: string): HostTable | null =>
  Object.hasOwn(TABLES, name) ? (TABLES[name] ?? null) : null;

/** The columns that a mapping may not write in a table. */
export const keptColumns = (name: string): readonly string[] => ["id", ...(hostTable(name)?.kept ?? [])];
