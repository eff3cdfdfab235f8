import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import { deleteEvents, PAYLOAD_FIELDS } from "./events.ts";
import { requestsAbout } from "./host-requests.ts";
import { namesThem } from "./inbox.ts";
import { deleteMessages, replaceMentions } from "./messages.ts";
import {
  clears,
  deletes,
  type ErasedUser,
  keeps,
  NOTHING,
  ofProfiles,
  ofUser,
  type Rule,
  unlinks,
} from "./rule.ts";

const BOOKS = "ledger, sales and payouts stay complete; refers by our id to an emptied row";
const FIGURES = "multipliers and budgets of others are computed from it; our id of an emptied row";
const OUR_ID = "our id of an emptied row, until the row is pruned";

/** The primary key begins with the version, so this makes it usable. */
const inEveryVersion = sql`r.version in (select id from list_versions)`;

/**
 * Every table, and what happens to its data about an erased user. A new table is one line;
 * test/erasure/rules.test.ts fails for a table, or a column that refers to a person, that is missing here.
 */
export const ERASURE_RULES: Readonly<Record<string, readonly Rule[]>> = {
  alert_counts: NOTHING,
  audit_log: [keeps(OUR_ID, "subject", "details")],
  budget_awards: [keeps(BOOKS, "profile_id")],
  budget_periods: [keeps("counts and rules, no ids of persons", "inputs")],
  calendar_channels: NOTHING,
  calendar_connections: [deletes("user_id", { note: "with its channels, copies and tokens" })],
  calendar_copies: NOTHING,
  calendar_meetings: [
    keeps(
      "hashes of the addresses of guests, by which calendars are compared, until the meeting is deleted",
      "guests",
    ),
  ],
  candidate_batches: [keeps(OUR_ID, "report")],
  candidate_notifications: [deletes("volunteer_id")],
  change_feeds: NOTHING,
  chat_thread_participants: [deletes("user_id")],
  chat_threads: NOTHING,
  commissions: [keeps(BOOKS, "beneficiary_id")],
  compatibility_lists: [
    deletes("user_id", { where: (person) => sql`${inEveryVersion} and ${ofUser("user_id")(person)}` }),
    keeps("our id of an emptied row, until the list is computed again", "target_ids"),
  ],
  cvs: [deletes("user_id")],
  deliveries: [deletes("user_id")],
  dirty: [keeps("the host's ids, until the change is mirrored: seconds", "keys")],
  domain_events: [
    deletes("actor_id", {
      where: (person) => deleteEvents.where(person),
      scan: true,
      run: deleteEvents.run,
      note: "events by or about the user, with the notifications of others that were written from them",
    }),
    deletes("payload", { where: null, note: `by its fields ${PAYLOAD_FIELDS.join(", ")}` }),
  ],
  email_batches: NOTHING,
  email_digests: [deletes("user_id")],
  email_events: NOTHING,
  email_suppressions: [
    keeps("a hash, so that an address that bounced or complained is not written to again", "address_hash"),
  ],
  emails: [deletes("user_id", { scan: true, note: "with the hash of the address" })],
  ended_sessions: NOTHING,
  erased_users: [keeps("a hash of the host's id, so that no mirror recreates the user", "hash")],
  engagement_events: [
    deletes("user_id"),
    deletes("target_id", {
      where: (person) => sql`r.target_kind = 'user' and ${ofUser("target_id")(person)}`,
      note: "of others with the user",
    }),
  ],
  event_outcomes: NOTHING,
  event_receipts: NOTHING,
  event_sweep: NOTHING,
  experiment_exposures: [deletes("user_id")],
  feed_presorted: [
    deletes("user_id", {
      note: "those of others suggest our id of an emptied row until they are computed again",
    }),
  ],
  feed_seen: [
    deletes("user_id"),
    deletes("item_id", {
      where: (person) => sql`r.kind = 'suggestion' and ${ofUser("item_id")(person)}`,
      note: "by others, of the user as a suggestion",
    }),
  ],
  inbox: [
    clears(["raw", "faults"], () => sql`raw = null, faults = null`, {
      where: namesThem,
      scan: true,
      byReference: true,
      note: "bodies that name the user; the hash stays, so that a body that the sender still has can be compared",
    }),
  ],
  interest_subject_user_set: [deletes("user_id")],
  interest_subjects: NOTHING,
  interest_user_set: [deletes("user_id")],
  interests: NOTHING,
  job_applications: [deletes("user_id")],
  job_activity: NOTHING,
  job_pauses: NOTHING,
  job_runs: [keeps(OUR_ID, "input"), keeps("numbers", "counts")],
  jobs: NOTHING,
  ledger_accounts: [keeps(BOOKS, "profile_id")],
  ledger_balances: NOTHING,
  ledger_entries: NOTHING,
  ledger_transactions: NOTHING,
  ledger_unbalanced: NOTHING,
  ledger_verifications: [keeps("ranges of ids of the ledger", "covers")],
  list_versions: NOTHING,
  match_marks: [deletes("user_id")],
  match_dismissals: [deletes("user_id")],
  media: [
    deletes("owner_id", { note: "the files are the host's to delete; previews are deleted with them" }),
  ],
  media_previews: NOTHING,
  meeting_participants: [deletes("user_id")],
  meeting_reminders: [deletes("user_id")],
  meetings: [
    deletes("organizer_id", { where: organizedAlone, scan: true, note: "if nobody else takes part" }),
    clears(["title"], () => sql`title = ''`, {
      where: (person) => sql`${ofUser("organizer_id")(person)} and r.title <> ''`,
      scan: true,
      note: "if others take part",
    }),
    unlinks("organizer_id"),
  ],
  messages: [
    deletes("sender_id", {
      ...deleteMessages,
      scan: true,
      note: "with the notifications that quote them",
    }),
    clears(["body"], replaceMentions.set, {
      ...replaceMentions,
      scan: true,
      byReference: true,
      note: "mentions of the user in messages of others; notifications that quote these are deleted",
    }),
  ],
  mirror_faults: [
    deletes("key", {
      where: ({ references }) => sql`r.mirror = 'users' and r.key = any(${array(references)}::text[])`,
      byReference: true,
      note: "rows of the host that were refused",
    }),
  ],
  mirror_waiting: [
    deletes("needs_key", {
      where: ({ references }) => sql`r.needs = 'users' and r.needs_key = any(${array(references)}::text[])`,
      byReference: true,
      note: "rows of the host that wait for the user",
    }),
  ],
  mirrors: [keeps("queries and names of columns", "plan")],
  multiplier_history: [keeps(BOOKS, "profile_id")],
  multiplier_marks: [keeps(FIGURES, "profile_id")],
  multiplier_watermarks: NOTHING,
  notice_candidates: NOTHING,
  notification_preferences: [deletes("user_id")],
  notifications: [deletes("user_id")],
  organization_members: [deletes("user_id")],
  organizations: NOTHING,
  outbox: [
    deletes("payload", {
      where: requestsAbout,
      byReference: true,
      note: "requests and events of the host that wait or are dead, about or by the user",
    }),
    keeps(
      "our ids, until the entry is settled; no stored e-mail for or about the user (mailings.ts)",
      "payload",
    ),
    keeps("the id of another entry", "caused_by"),
    keeps("as the payload", "request"),
    keeps("a carrier", "leased_by"),
  ],
  outside_requests: NOTHING,
  post_features: NOTHING,
  post_media: NOTHING,
  pair_changes: [deletes("user_id")],
  pair_entries: NOTHING,
  pair_lists: [
    deletes("user_id", { where: (person) => sql`${inEveryVersion} and ${ofUser("user_id")(person)}` }),
    keeps("our id of an emptied row, until the next version of the lists", "floor_user_id"),
  ],
  pair_people: [
    clears(["facts"], () => sql`facts = null`, {
      where: (person) => sql`${ofUser("user_id")(person)} and r.facts is not null`,
    }),
    keeps(
      "our id of an emptied row, until the next version of the lists: those of others name the user by a position, which nobody else may get",
      "user_id",
    ),
  ],
  pending_records: [
    deletes("columns", {
      where: ({ references }) =>
        sql`r.key = any(${array(references)}::text[]) or exists (
              select 1 from jsonb_each_text(r.columns) c where c.value = any(${array(references)}::text[]))`,
      byReference: true,
      note: "records of the host that wait, about or by the user",
    }),
  ],
  posting_buckets: NOTHING,
  posting_listings: NOTHING,
  posting_sightings: NOTHING,
  posting_vectors: NOTHING,
  posts: [deletes("author_id", { note: "with their features and trends" })],
  profile_access: [deletes("owner_id"), deletes("viewer_id")],
  profile_preferences: [deletes("user_id")],
  profile_ratings: [deletes("rater_id"), deletes("rated_id")],
  profiles: [deletes("user_id", { note: "with the location" })],
  profile_search_index: [deletes("user_id", { note: "with the location" })],
  project_access_grants: [deletes("user_id")],
  project_applications: [deletes("user_id")],
  project_match_lists: NOTHING,
  project_members: [deletes("user_id")],
  project_required_skills: NOTHING,
  project_team_members: [deletes("user_id")],
  projects: [
    unlinks("team_lead"),
    keeps("every project has a creator; our id of an emptied row", "created_by"),
  ],
  processes: NOTHING,
  queue_minutes: NOTHING,
  quiz_answers: [deletes("user_id")],
  quiz_options: [keeps("of a quiz, not of a person", "trait_values")],
  recommendation_lists: [deletes("user_id")],
  record_versions: [
    deletes("key", {
      where: ({ references }) =>
        sql`r.mirror in (select table_name from mirrors) and r.key = any(${array(references)}::text[])`,
      byReference: true,
      note: "versions of rows that have the id of the user",
    }),
    keeps("of other rows: a number by which a host's version is recognized", "hash"),
  ],
  recommendation_requests: [deletes("user_id")],
  recommendation_views: [deletes("user_id")],
  referrals: [unlinks("by_user_id"), keeps(BOOKS, "profile_id", "referrer_id")],
  resource_permissions: [deletes("user_id")],
  resources: [unlinks("created_by")],
  result_changes: [
    keeps("eight days, so that hosts elsewhere delete what they have copied", "keys", "former_ids"),
  ],
  resume_nudges: [deletes("user_id")],
  resumes: NOTHING,
  robots_files: NOTHING,
  sale_listings: NOTHING,
  sale_refunds: NOTHING,
  schedules: NOTHING,
  searchable_users: [deletes("user_id")],
  skill_names: NOTHING,
  skill_rarities: NOTHING,
  skills: NOTHING,
  stream_tickets: [deletes("user_id")],
  task_assignments: [
    clears(["host_id"], () => sql`host_id = null`, {
      where: (person) => sql`${ofProfiles("assignee_id")(person)} and r.host_id is not null`,
      scan: true,
    }),
    keeps(FIGURES, "assignee_id"),
  ],
  task_templates: NOTHING,
  token_sales: [
    keeps("the number by which the seller names the buyer: part of what was sold", "buyer_user_id"),
    keeps(BOOKS, "profile_id", "inputs"),
  ],
  trending_scores: NOTHING,
  traits: NOTHING,
  top5_items: [deletes("user_id")],
  unread_marks: [deletes("user_id")],
  unread_nudges: [deletes("user_id")],
  unread_watches: [deletes("user_id")],
  unsubscribe_tokens: [deletes("user_id")],
  unsubscriptions: [deletes("user_id")],
  user_affinity_profiles: [
    deletes("user_id", { note: "those of others keep our id of an emptied row for a day at most" }),
  ],
  user_blocks: [deletes("blocker_id"), deletes("blocked_id")],
  user_interests: [deletes("user_id")],
  user_matches: [deletes("user_id"), deletes("other_id")],
  user_notification_settings: [deletes("user_id")],
  user_profiles: [deletes("user_id")],
  user_traits: [deletes("user_id")],
  user_vectors: [deletes("user_id")],
  users: [
    clears(
      ["host_id", "public_id", "name", "email", "time_zone", "language", "last_active_at", "is_operator"],
      () => sql`host_id = null, public_id = gen_random_uuid(), name = '', email = null, time_zone = null,
                language = null, last_active_at = null, is_operator = false`,
      { where: ofUser("id"), left: (person) => sql`${ofUser("id")(person)} and r.host_id is not null` },
    ),
  ],
  volunteer_initiative_matches: [
    deletes("volunteer_id", { where: null, note: "the lists are filled up from the other volunteers" }),
  ],
  volunteer_profiles: [
    clears(
      ["host_id", "referral_code"],
      () => sql`host_id = null, referral_code = upper(left(replace(gen_random_uuid()::text, '-', ''), 8))`,
      {
        where: ofUser("user_id"),
        left: (person) => sql`${ofUser("user_id")(person)} and r.host_id is not null`,
      },
    ),
    keeps(BOOKS, "user_id", "referrer_id", "upline"),
  ],
  volunteer_skills: [deletes("volunteer_id")],
  volunteers: [deletes("user_id", { note: "with the location" })],
};

function organizedAlone(person: ErasedUser): SQL {
  return sql`${ofUser("organizer_id")(person)} and not exists (
    select 1 from meeting_participants p where p.meeting_id = r.id and p.user_id <> ${person.userId})`;
}
