import { z } from "zod";
import { faultsOfGoogle, type GoogleCalendarConfig, googleFrom } from "./config-calendar.ts";
import { type EmailConfig, emailFrom, missingSender } from "./config-email.ts";
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
} from "./config-fields.ts";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "./queues/queues.ts";
import { NUDGE_CAP_POLICY, type NudgeCapPolicy, type NudgeKind } from "./scoring/nudge-cap.ts";
import { UNREAD_NUDGE_POLICY, type UnreadNudgePolicy } from "./scoring/unread-nudge.ts";

export const ROLES = ["api", "worker", "scheduler"] as const;
export type Role = (typeof ROLES)[number];

const schema = z.object({
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

type Variables = z.output<typeof schema>;

export type Config = {
  readonly databaseUrl: string;
  readonly databasePoolMax: number;
  readonly supabase: boolean;
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly host: string;
  readonly port: number;
  /** Workers and schedulers of their own answer health and metrics only where they were given a PORT. */
  readonly listens: boolean;
  /** How many proxies stand in front: so many entries of X-Forwarded-For are believed. */
  readonly trustedProxies: number;
  readonly roles: readonly Role[];
  readonly workerQueues: readonly QueueName[];
  readonly development: boolean;
  readonly log: { readonly level: string; readonly format: "json" | "text" };
  readonly dryRun: boolean;
  readonly shutdownGraceMs: number;
  readonly defaultTimeZone: string;
  /** Null without GOOGLE_CLIENT_ID: the jobs of calendars say so and skip. */
  readonly googleCalendar: GoogleCalendarConfig | null;
  readonly notifications: {
    /** Where users live who named no zone. */
    readonly userTimeZone: string;
    /** Of those that go out alone; what is more goes into a digest. */
    readonly emailsPerHour: number;
    /** How long notifications and deliveries are kept. */
    readonly keptDays: number;
  };
  readonly saleWebhook: { readonly secrets: readonly string[] };
  readonly eventsWebhook: { readonly secrets: readonly string[] };
  readonly webhookLimits: {
    readonly addressPerSecond: number;
    readonly addressBurst: number;
    readonly sourcePerSecond: number;
  };
  readonly tokenSales: { readonly url: string; readonly apiKey: string | null } | null;
  readonly commissions: { readonly minimumMicro: bigint; readonly ratesBps: readonly number[] };
  readonly multipliers: { readonly maxHundredths: number };
  readonly budgets: {
    /** Pools of organizations that set none of their own. */
    readonly poolsMicro: { readonly daily: bigint; readonly weekly: bigint; readonly monthly: bigint };
    /** What becomes of a pool's leftover: it is added to the next one, or stays with the treasury. */
    readonly leftoverTo: "carry" | "treasury";
  };
  readonly publicUrl: string;
  readonly email: EmailConfig;
  readonly nudges: { readonly unread: UnreadNudgePolicy; readonly cap: NudgeCapPolicy };
  readonly matching: {
    /** Candidates that one run tells of a project at most. */
    readonly topCandidates: number;
    /** Nobody is told of a match below this score, from 0 to 1. */
    readonly minimumScore: number;
    /** How many candidates of a project are kept. */
    readonly matchesPerProject: number;
    /** The sender of automated messages: the number or the public uuid of a user. */
    readonly systemUser: string;
  };
  readonly auth: { readonly jwtSecret: string | null; readonly jwksUrl: string | null };
  readonly admin: {
    readonly adminPassword: string | null;
    readonly viewerPassword: string | null;
    readonly sessionSecret: string | null;
  };
};

/** Every fault of the environment at once. */
export class ConfigurationFault extends Error {
  override readonly name = "ConfigurationFault";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.map((f) => `  - ${f}`).join("\n")}\nThe README lists every variable.`,
    );
    this.faults = faults;
  }
}

/** The names of all variables that are read, in order: the README's table is tested against them. */
export const VARIABLES: readonly string[] = Object.keys(schema.shape);

/**
 * Reads the configuration; the only reader of the environment.
 * @throws ConfigurationFault with every fault, never just the first.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(environment);
  const faults = parsed.success ? [] : faultsIn(parsed.error);
  const databaseUrl = databaseUrlFrom(environment, faults);
  faults.push(...missingSender(environment));
  if (!environment["REDIS_URL"]?.trim()) faults.push("REDIS_URL is not set (redis://host:6379)");
  if (parsed.success) faults.push(...faultsOfGoogle(parsed.data));
  if (!parsed.success || faults.length > 0) throw new ConfigurationFault(faults);
  return Object.freeze(configFrom(parsed.data, databaseUrl, Boolean(environment["PORT"]?.trim())));
}

/**
 * The connection string alone, for commands that need nothing but Postgres.
 * @throws ConfigurationFault
 */
export function readDatabaseUrl(environment: NodeJS.ProcessEnv): string {
  const parsed = schema.pick({ DATABASE_URL: true, DB_PORT: true }).safeParse(environment);
  const faults = parsed.success ? [] : faultsIn(parsed.error);
  const databaseUrl = databaseUrlFrom(environment, faults);
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return databaseUrl;
}

const faultsIn = (error: z.ZodError): string[] =>
  error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);

function databaseUrlFrom(environment: NodeJS.ProcessEnv, faults: string[]): string {
  if (environment["DATABASE_URL"]?.trim()) return environment["DATABASE_URL"].trim();
  const { DB_HOST, DB_PORT = "5432", DB_NAME, DB_USER, DB_PASSWORD } = environment;
  if (!DB_HOST && !DB_NAME && !DB_USER) {
    faults.push(
      "DATABASE_URL is not set (postgres://user:password@host:5432/name), nor DB_HOST, DB_NAME and DB_USER",
    );
    return "";
  }
  for (const [name, value] of Object.entries({ DB_HOST, DB_NAME, DB_USER })) {
    if (!value?.trim()) faults.push(`${name} is not set, while other DB_ variables are`);
  }
  const password = DB_PASSWORD ? `:${encodeURIComponent(DB_PASSWORD)}` : "";
  return `postgres://${encodeURIComponent(DB_USER ?? "")}${password}@${DB_HOST}:${DB_PORT || "5432"}/${encodeURIComponent(DB_NAME ?? "")}`;
}

/** Intake, API, relay and scheduler beside the workers. */
const CONNECTIONS_BESIDE_WORKERS = 8;

/** A carrier that waits for a connection would use up its time limit: so as many as the roles can use at once. */
function connectionsUsed(v: Variables): number {
  const carriers = v.ROLES.includes("worker")
    ? v.WORKER_QUEUES.reduce((sum, queue) => sum + QUEUE_WEIGHTS[queue], 0)
    : 0;
  return carriers + CONNECTIONS_BESIDE_WORKERS;
}

function configFrom(v: Variables, databaseUrl: string, portIsSet: boolean): Config {
  return {
    databaseUrl,
    databasePoolMax: v.DB_POOL_MAX > 0 ? v.DB_POOL_MAX : connectionsUsed(v),
    supabase: v.SUPABASE_URL !== undefined,
    redisUrl: v.REDIS_URL ?? "",
    redisPrefix: v.REDIS_PREFIX,
    host: v.HOST,
    port: v.PORT,
    listens: v.ROLES.includes("api") || portIsSet,
    trustedProxies: v.TRUST_PROXY,
    roles: v.ROLES,
    workerQueues: v.WORKER_QUEUES,
    development: v.NODE_ENV === "development",
    log: { level: v.LOG_LEVEL, format: v.LOG_FORMAT },
    dryRun: v.DRY_RUN,
    shutdownGraceMs: v.SHUTDOWN_GRACE_MS,
    defaultTimeZone: v.DEFAULT_TIME_ZONE,
    googleCalendar: googleFrom(v),
    notifications: {
      userTimeZone: v.USER_TIME_ZONE,
      emailsPerHour: v.USER_EMAILS_PER_HOUR,
      keptDays: v.NOTIFICATION_DAYS,
    },
    saleWebhook: { secrets: v.SCICENT_WEBHOOK_SECRET },
    eventsWebhook: { secrets: v.DOMAIN_EVENTS_WEBHOOK_SECRET },
    webhookLimits: {
      addressPerSecond: v.WEBHOOK_ADDRESS_PER_SECOND,
      addressBurst: v.WEBHOOK_ADDRESS_BURST,
      sourcePerSecond: v.WEBHOOK_SOURCE_PER_SECOND,
    },
    tokenSales: v.SCICENT_API_URL ? { url: v.SCICENT_API_URL, apiKey: v.SCICENT_API_KEY ?? null } : null,
    commissions: { minimumMicro: v.VOLUNTEER_SCHEDULER_MIN_COMMISSION, ratesBps: v.COMMISSION_RATES_BPS },
    multipliers: { maxHundredths: v.VOLUNTEER_SCHEDULER_MAX_MULTIPLIER },
    budgets: {
      poolsMicro: {
        daily: v.VOLUNTEER_SCHEDULER_DAILY_BUDGET,
        weekly: v.VOLUNTEER_SCHEDULER_WEEKLY_BUDGET,
        monthly: v.VOLUNTEER_SCHEDULER_MONTHLY_BUDGET,
      },
      leftoverTo: v.BUDGET_LEFTOVER,
    },
    publicUrl: v.PUBLIC_URL,
    email: emailFrom(v),
    nudges: {
      unread: { thresholdMinutes: v.UNREAD_THRESHOLD_MINUTES },
      cap: {
        perDay: v.NUDGE_EMAILS_PER_DAY,
        perWeek: v.NUDGE_EMAILS_PER_WEEK,
        priority: v.NUDGE_PRIORITY,
      },
    },
    matching: {
      topCandidates: v.TOP_K_CANDIDATES,
      minimumScore: v.MIN_MATCH_SCORE,
      matchesPerProject: v.MATCHES_PER_PROJECT,
      systemUser: v.SYSTEM_USER_ID,
    },
    auth: { jwtSecret: v.AUTH_JWT_SECRET ?? null, jwksUrl: v.AUTH_JWKS_URL ?? null },
    admin: {
      adminPassword: v.ADMIN_PASSWORD ?? null,
      viewerPassword: v.VIEWER_PASSWORD ?? null,
      sessionSecret: v.SESSION_SECRET ?? null,
    },
  };
}
