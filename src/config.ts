import { z } from "zod";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "./queues/queues.ts";
import { parseAmountMicro } from "./scoring/money.ts";

/** An empty variable is one that was not set: compose files and .env files write them so. */
const text = z
  .string()
  .trim()
  .transform((value) => (value === "" ? undefined : value));
const optional = text.optional();

const whole = (fallback: number, min: number, max: number) =>
  optional.transform((value, context) => {
    const n = value === undefined ? fallback : Number(value);
    if (Number.isInteger(n) && n >= min && n <= max) return n;
    context.addIssue({ code: "custom", message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

const yesNo = optional.transform((value, context) => {
  if (value === undefined || /^(false|0|no|off)$/i.test(value)) return false;
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  context.addIssue({ code: "custom", message: "must be true or false" });
  return z.NEVER;
});

const listOf = <T extends string>(allowed: readonly T[]) =>
  optional.transform((value, context): T[] => {
    if (value === undefined) return [...allowed];
    const names = value
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const unknown = names.filter((name) => !allowed.includes(name as T));
    if (unknown.length === 0 && names.length > 0) return [...new Set(names as T[])];
    context.addIssue({
      code: "custom",
      message: `must be a list of: ${allowed.join(", ")}${unknown.length ? ` (not ${unknown.join(", ")})` : ""}`,
    });
    return z.NEVER;
  });

const tokens = (fallback: string, options: { min?: string } = {}) =>
  optional.transform((value, context): bigint => {
    const parsed = parseAmountMicro(value ?? fallback);
    if (parsed.kind === "fault") {
      context.addIssue({ code: "custom", message: `must be an amount of tokens: ${parsed.fault}` });
      return z.NEVER;
    }
    const least = options.min === undefined ? null : parseAmountMicro(options.min);
    if (least?.kind === "amount" && parsed.amountMicro < least.amountMicro) {
      context.addIssue({ code: "custom", message: `must be at least ${options.min}` });
      return z.NEVER;
    }
    return parsed.amountMicro;
  });

/** A pool may be 0: then the period is recorded and nobody is paid. */
const pool = (fallback: string) =>
  optional.transform((value, context): bigint => {
    const written = value ?? fallback;
    if (/^0+(\.0+)?$/.test(written)) return 0n;
    const parsed = parseAmountMicro(written);
    if (parsed.kind === "amount") return parsed.amountMicro;
    context.addIssue({ code: "custom", message: `must be 0 or an amount of tokens: ${parsed.fault}` });
    return z.NEVER;
  });

const multiplier = (fallback: string) =>
  optional.transform((value, context): number => {
    const written = value ?? fallback;
    const hundredths = Math.round(Number(written) * 100);
    if (/^\d{1,3}(\.\d{1,2})?$/.test(written) && hundredths >= 100) return hundredths;
    context.addIssue({
      code: "custom",
      message: "must be a number from 1 to 999.99 with at most 2 decimals",
    });
    return z.NEVER;
  });

const url = (protocols: readonly string[]) =>
  optional.transform((value, context) => {
    if (value === undefined) return undefined;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1))) return value;
    context.addIssue({
      code: "custom",
      message: `must be a URL that begins with ${protocols.map((p) => `${p}://`).join(" or ")}`,
    });
    return z.NEVER;
  });

const rates = optional.transform((value, context): number[] => {
  const parts = (value ?? "1000,800,600,400,200").split(",").map((part) => Number(part.trim()));
  const total = parts.reduce((sum, rate) => sum + rate, 0);
  if (
    parts.length >= 1 &&
    parts.length <= 5 &&
    parts.every((r) => Number.isInteger(r) && r >= 0) &&
    total <= 10_000
  )
    return parts;
  context.addIssue({
    code: "custom",
    message: "must be one to five whole numbers of basis points that add up to at most 10000",
  });
  return z.NEVER;
});

const timeZone = optional.transform((value, context) => {
  const zone = value ?? "UTC";
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    context.addIssue({
      code: "custom",
      message: `must be an IANA time zone, such as Europe/Berlin (not ${zone})`,
    });
    return z.NEVER;
  }
});

const level = optional.transform((value, context) => {
  const name = (value ?? "info").toLowerCase();
  if (["trace", "debug", "info", "warn", "error", "fatal", "silent"].includes(name)) return name;
  context.addIssue({
    code: "custom",
    message: "must be one of: trace, debug, info, warn, error, fatal, silent",
  });
  return z.NEVER;
});

const secrets = optional.transform((value) =>
  (value ?? "")
    .split(",")
    .map((secret) => secret.trim())
    .filter(Boolean),
);

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
  DEFAULT_TIME_ZONE: timeZone,
  SCICENT_WEBHOOK_SECRET: secrets,
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
  BUDGET_LEFTOVER: optional.transform((value, context) => {
    const policy = (value ?? "carry").toLowerCase();
    if (policy === "carry" || policy === "treasury") return policy;
    context.addIssue({ code: "custom", message: "must be carry or treasury" });
    return z.NEVER;
  }),
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
  readonly saleWebhook: { readonly secrets: readonly string[] };
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
  if (!environment["REDIS_URL"]?.trim()) faults.push("REDIS_URL is not set (redis://host:6379)");
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
    saleWebhook: { secrets: v.SCICENT_WEBHOOK_SECRET },
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
    auth: { jwtSecret: v.AUTH_JWT_SECRET ?? null, jwksUrl: v.AUTH_JWKS_URL ?? null },
    admin: {
      adminPassword: v.ADMIN_PASSWORD ?? null,
      viewerPassword: v.VIEWER_PASSWORD ?? null,
      sessionSecret: v.SESSION_SECRET ?? null,
    },
  };
}
