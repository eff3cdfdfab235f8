/**
 * Advisory locks, notification channels and custom settings belong to the whole database. Their keys contain
 * the schema, so that two deployments in one database do not share them. The functions in drizzle/ build
 * theirs in the same way.
 */
type LockName =
  | "scheduler"
  | "email-of-users"
  | "single-emails-of-users"
  | "recipients-of-event"
  | "calculate-matches"
  | "calendar-meeting"
  | "list-versions"
  | "store-postings"
  | "reconcile-mirrors";

/**
 * SQL for the key of an advisory lock.
 * @param suffix SQL whose value is appended, for one lock for each value.
 */
export const lockKey = (name: LockName, suffix = "''"): string =>
  `hashtextextended(current_schema() || '.${name}.' || ${suffix}, 0)`;

/**
 * As `lockKey`, for the migrator: it locks before the schema exists, when current_schema() is null. `$1` is
 * the schema.
 */
export const MIGRATION_LOCK_KEY = "hashtextextended($1 || '.migrations', 0)";

/** SQL for the name of the setting that is `on` in transactions whose events need no notification. */
export const RELAYED_SETTING = "current_schema() || '.relayed'";

/**
 * SQL for the name of the setting that holds the trace of a transaction, as a W3C `traceparent`: triggers and
 * the functions for hosts write it into their entries. A host may set it in its own transactions.
 */
export const TRACE_SETTING = "current_schema() || '.trace'";

/** SQL for the name of the setting that is `on` while mirrored rows are older than Commonwork. */
export const BACKFILL_SETTING = "current_schema() || '.backfill'";

/** SQL for the name of the setting that is `on` while rows are written with the host's `updated_at`. */
export const HOST_TIMES_SETTING = "current_schema() || '.host_times'";

/** The channel on which inserts from outside the service are notified. */
export const enqueuedChannel = (schema: string): string => `${schema}_enqueued`;
