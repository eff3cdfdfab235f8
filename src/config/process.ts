import { defineArea } from "./area.ts";
import { listOf, oneOf, optionalWhole, textOr, timeZone, whole, yesNo } from "./fields.ts";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "./queues.ts";

const ROLES = ["api", "worker", "scheduler"] as const;
type Role = (typeof ROLES)[number];

const DEFAULT_PORT = 3000;

/** Connections used by intake, API, relay and scheduler, in addition to those of the workers. */
const CONNECTIONS_BESIDE_WORKERS = 8;

/**
 * A carrier waiting for a connection would use up its time limit, so the pool covers all carriers that can
 * run at once.
 */
function connectionsUsed(roles: readonly Role[], queues: readonly QueueName[]): number {
  const carriers = roles.includes("worker")
    ? queues.reduce((sum, queue) => sum + QUEUE_WEIGHTS[queue], 0)
    : 0;
  return carriers + CONNECTIONS_BESIDE_WORKERS;
}

export const processArea = defineArea({
  title: "The process",
  variables: {
    HOST: textOr("0.0.0.0").describe("Address to listen on."),
    PORT: optionalWhole(0, 65_535)
      .meta({ default: String(DEFAULT_PORT) })
      .describe(
        "Port to listen on; 0 picks a free one. A process without the role `api` listens, for health and metrics, only if it is set.",
      ),
    TRUST_PROXY: whole(0, 0, 10).describe(
      "Number of trusted reverse proxies, which is the number of `X-Forwarded-For` entries to trust.",
    ),
    ROLES: listOf<Role>(ROLES).describe("What this process does."),
    WORKER_QUEUES: listOf<QueueName>(QUEUE_NAMES).describe("The queues that its workers serve."),
    DB_POOL_MAX: whole(0, 0, 500)
      .refine(
        (max) => max !== 1,
        "must be 0 (as many as the roles use) or at least 2: the scheduler holds one and needs another",
      )
      .describe(
        "Maximum number of Postgres connections of this process. 0: as many as its roles can use at once, 35 for all of them.",
      ),
    NODE_ENV: textOr("production").describe(
      "`development` allows `commonwork queues clear` and marks the dashboard.",
    ),
    LOG_LEVEL: oneOf("info", ["trace", "debug", "info", "warn", "error", "fatal", "silent"]).describe(
      "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    ),
    LOG_FORMAT: oneOf("json", ["json", "text"]).describe(
      "`json`, or `text` to be read by people, with settled carriers at level `debug`. The log is written to standard error.",
    ),
    DRY_RUN: yesNo.describe(
      "`true`: the process takes no jobs and opens no slots; it logs what each due slot would do, and keeps the mirrors up to date.",
    ),
    SHUTDOWN_GRACE_MS: whole(10_000, 0, 600_000).describe(
      "How long running jobs may continue after the first signal to stop.",
    ),
    DEFAULT_TIME_ZONE: timeZone("UTC").describe("Time zone of organizations that have not set one."),
  },
  read: (v) => ({
    host: v.HOST,
    port: v.PORT ?? DEFAULT_PORT,
    /** Processes without the API answer health and metrics only if they are given a PORT. */
    listens: v.ROLES.includes("api") || v.PORT !== undefined,
    trustedProxies: v.TRUST_PROXY,
    roles: v.ROLES,
    workerQueues: v.WORKER_QUEUES,
    databasePoolMax: v.DB_POOL_MAX > 0 ? v.DB_POOL_MAX : connectionsUsed(v.ROLES, v.WORKER_QUEUES),
    development: v.NODE_ENV === "development",
    log: { level: v.LOG_LEVEL, format: v.LOG_FORMAT, roles: v.ROLES },
    dryRun: v.DRY_RUN,
    shutdownGraceMs: v.SHUTDOWN_GRACE_MS,
    defaultTimeZone: v.DEFAULT_TIME_ZONE,
  }),
});
