import { z } from "zod";
import { NUDGE_CAP_POLICY, type NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import { UNREAD_NUDGE_POLICY } from "../scoring/notifications/unread-nudge.ts";
import {
  eitherId,
  encryptionKeys,
  level,
  listOf,
  mailbox,
  multiplier,
  optional,
  pool,
  publicUrl,
  rates,
  secrets,
  share,
  timeZone,
  tokens,
  url,
  whole,
  yesNo,
} from "./fields.ts";
import { QUEUE_NAMES, type QueueName } from "./queues.ts";

export const ROLES = ["api", "worker", "scheduler"] as const;
export type Role = (typeof ROLES)[number];

/** Every variable that is read, in the order of the README. */
export const variables = z.object({
  DATABASE_URL: url(["postgres", "postgresql"]),
  DB_HOST: optional,
  DB_PORT: whole(5432, 1, 65_535),
  DB_NAME: optional,
  DB_USER: optional,
  DB_PASSWORD: optional,
  DB_POOL_MAX: whole(0, 0, 500).refine(
    (max) => max !== 1,
    "must be 0 (as many as the roles use) or at least 2: the scheduler holds one and needs another",
  ),
  SUPABASE_URL: optional,
  SUPABASE_SERVICE_ROLE_KEY: optional,
  REDIS_URL: url(["redis", "rediss"]),
  REDIS_PREFIX: optional.transform((value, context) => {
    const prefix = value ?? "cw";
    if (/^[a-z0-9-]{1,40}$/.test(prefix)) return prefix;
    context.addIssue({ code: "custom", message: "must be 1 to 40 lower-case letters, digits and hyphens" });
    return z.NEVER;
  }),
  HOST: optional.transform((value) => value ?? "0.0.0.0"),
  PORT: whole(3000, 0, 65_535),
  TRUST_PROXY: whole(0, 0, 10),
  ROLES: listOf<Role>(ROLES),
  WORKER_QUEUES: listOf<QueueName>(QUEUE_NAMES),
  NODE_ENV: optional.transform((value) => value ?? "production"),
  LOG_LEVEL: level,
  LOG_FORMAT: optional.transform((value, context) => {
    const format = (value ?? "json").toLowerCase();
    if (format === "json" || format === "text") return format;
    context.addIssue({ code: "custom", message: "must be json or text" });
    return z.NEVER;
  }),
  DRY_RUN: yesNo,
  SHUTDOWN_GRACE_MS: whole(10_000, 0, 600_000),
  TOKEN_ENCRYPTION_KEY: encryptionKeys,
  GOOGLE_CLIENT_ID: optional,
  GOOGLE_CLIENT_SECRET: optional,
  GOOGLE_CALENDAR_WEBHOOK_URL: url(["http", "https"]),
  GOOGLE_API_URL: url(["http", "https"]),
  GOOGLE_TOKEN_URL: url(["http", "https"]),
  DEFAULT_TIME_ZONE: timeZone("UTC"),
  USER_TIME_ZONE: timeZone("America/Los_Angeles"),
  USER_EMAILS_PER_HOUR: whole(10, 1, 1_000),
  NOTIFICATION_DAYS: whole(180, 30, 3_650),
  SCICENT_WEBHOOK_SECRET: secrets,
  DOMAIN_EVENTS_WEBHOOK_SECRET: secrets,
  SCICENT_API_URL: url(["http", "https"]),
  SCICENT_API_KEY: optional,
  WEBHOOK_ADDRESS_PER_SECOND: whole(100, 1, 1_000_000),
  WEBHOOK_ADDRESS_BURST: whole(1_000, 1, 10_000_000),
  WEBHOOK_SOURCE_PER_SECOND: whole(2_000, 1, 1_000_000),
  VOLUNTEER_SCHEDULER_MIN_COMMISSION: tokens("0.01", { min: "0.01" }),
  COMMISSION_RATES_BPS: rates,
  VOLUNTEER_SCHEDULER_MAX_MULTIPLIER: multiplier("3.0"),
  VOLUNTEER_SCHEDULER_DAILY_BUDGET: pool("100"),
  VOLUNTEER_SCHEDULER_WEEKLY_BUDGET: pool("1000"),
  VOLUNTEER_SCHEDULER_MONTHLY_BUDGET: pool("5000"),
  TOP_K_CANDIDATES: whole(10, 1, 1_000),
  MIN_MATCH_SCORE: share("0.6"),
  MATCHES_PER_PROJECT: whole(200, 1, 1_000),
  SYSTEM_USER_ID: eitherId("00000000-0000-0000-0000-000000000000"),
  BUDGET_LEFTOVER: optional.transform((value, context) => {
    const policy = (value ?? "carry").toLowerCase();
    if (policy === "carry" || policy === "treasury") return policy;
    context.addIssue({ code: "custom", message: "must be carry or treasury" });
    return z.NEVER;
  }),
  PUBLIC_URL: publicUrl,
  EMAIL_FROM: mailbox,
  EMAIL_TEST_RECIPIENT: mailbox,
  RESEND_API_KEY: optional,
  RESEND_BASE_URL: url(["http", "https"]),
  RESEND_WEBHOOK_SECRET: secrets,
  SMTP_URL: url(["smtp", "smtps"]),
  EMAIL_FOLDER: optional.transform((value) => value ?? "emails"),
  UNREAD_THRESHOLD_MINUTES: whole(UNREAD_NUDGE_POLICY.thresholdMinutes, 1, 43_200),
  NUDGE_EMAILS_PER_DAY: whole(NUDGE_CAP_POLICY.perDay, 0, 100),
  NUDGE_EMAILS_PER_WEEK: whole(NUDGE_CAP_POLICY.perWeek, 0, 700),
  NUDGE_PRIORITY: listOf<NudgeKind>(NUDGE_CAP_POLICY.priority),
  AUTH_JWT_SECRET: optional,
  AUTH_JWKS_URL: url(["http", "https"]),
  ADMIN_PASSWORD: optional,
  VIEWER_PASSWORD: optional,
  SESSION_SECRET: optional,
});

/** What they hold once they are read. */
export type Variables = z.output<typeof variables>;
