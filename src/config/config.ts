import type { z } from "zod";
import type { NudgeCapPolicy } from "../scoring/notifications/nudge-cap.ts";
import type { UnreadNudgePolicy } from "../scoring/notifications/unread-nudge.ts";
import { faultsOfGoogle, type GoogleCalendarConfig, googleFrom } from "./calendar.ts";
import { type EmailConfig, emailFrom, missingSender } from "./email.ts";
import { QUEUE_WEIGHTS, type QueueName } from "./queues.ts";
import { type Role, type Variables, variables } from "./variables.ts";

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
export const VARIABLES: readonly string[] = Object.keys(variables.shape);

/**
 * Reads the configuration; the only reader of the environment.
 * @throws ConfigurationFault with every fault, never just the first.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = variables.safeParse(environment);
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
  const parsed = variables.pick({ DATABASE_URL: true, DB_PORT: true }).safeParse(environment);
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
    supabase: v.SUPABASE_URL !== undefined || v.SUPABASE_SERVICE_ROLE_KEY !== undefined,
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
