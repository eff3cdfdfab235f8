import type { Clock } from "../clock.ts";
import { carriesValues, databaseFault } from "../database-fault.ts";
import { openDatabase } from "../db/client.ts";
import { DeadlineExceeded } from "../deadlines.ts";
import { databaseMessage } from "../roles/boot-checks.ts";
import { timetable } from "../schedules/timetable.ts";
import {
  type CheckOptions,
  type Finding,
  type Line,
  problem,
  problemFrom,
  runCheckGroups,
  skippedCheck,
} from "./finding.ts";
import { folderChecks } from "./folder-checks.ts";
import { growthChecks } from "./growth-checks.ts";
import { mailerCheck } from "./mailer-check.ts";
import { postgresChecks, writeCheck } from "./postgres-checks.ts";
import { processChecks } from "./process-checks.ts";
import { openRedisProbe, redisChecks } from "./redis-checks.ts";
import { schemaChecks } from "./schema-checks.ts";
import { type Clean, secretsIn, withoutSecrets } from "./secrets.ts";
import { readSetUp, type SetUp } from "./set-up.ts";
import { tableChecks } from "./table-checks.ts";
import { tracingCheck } from "./tracing-check.ts";
import { workChecks } from "./work-checks.ts";

export type ExamineOptions = {
  readonly environment: NodeJS.ProcessEnv;
  /** No check takes longer. */
  readonly limitMs?: number;
  /** The clock of this machine. */
  readonly machine?: Clock;
};

const LIMIT_MS = 8_000;
/**
 * Connections that the checks share; a check waits for one no longer than for a server that does not answer.
 */
const CONNECTIONS = 6;

/** Checks the whole set-up without changing anything. The report contains no secret of the environment. */
export async function examine(options: ExamineOptions): Promise<Line[]> {
  const limitMs = options.limitMs ?? LIMIT_MS;
  const setUp = readSetUp(options.environment);
  const secrets = secretsIn(options.environment);
  const clean = (text: string) => withoutSecrets(text, secrets);
  const run = { limitMs, failed: failedAs((error) => clean(otherMessage(error)), REPORT) };
  const parts = await Promise.all([
    runCheckGroups([[...processChecks(setUp, clean), ...folderChecks(setUp)]], run),
    examinePostgres(setUp, { ...options, limitMs, clean }),
    examineRedis(setUp, run),
    runCheckGroups([[mailerCheck(setUp, limitMs), tracingCheck(setUp)]], run),
  ]);
  return parts.flat();
}

async function examinePostgres(
  { postgres, config }: SetUp,
  { limitMs, machine, clean }: ExamineOptions & { readonly limitMs: number; readonly clean: Clean },
): Promise<Line[]> {
  if (postgres === null) return [skippedCheck("Postgres", "Configuration")];
  const db = openDatabase(postgres, { max: CONNECTIONS, applicationName: "commonwork-doctor" });
  try {
    const groups = [
      ...postgresChecks({ db, address: postgres, ...(machine ? { machine } : {}) }),
      [
        writeCheck(db),
        ...schemaChecks(db),
        ...tableChecks(db),
        ...growthChecks(db, config),
        ...workChecks(db, timetable, clean),
      ],
    ];
    const otherwise = failedAs((error) => clean(databaseMessage(error)), SERVER_LOG);
    const failed = (error: unknown) => unansweredFinding(error) ?? otherwise(error);
    return await runCheckGroups(groups, { limitMs, failed });
  } finally {
    await db.close();
  }
}

async function examineRedis({ redis }: SetUp, run: CheckOptions): Promise<Line[]> {
  if (redis === null) return [skippedCheck("Redis", "Configuration")];
  const probe = openRedisProbe(redis);
  try {
    return await runCheckGroups(redisChecks(probe, redis.redisPrefix), run);
  } finally {
    probe.close();
  }
}

const QUERY_CANCELED = "57014";
/** A connection that was lost, or that could not be opened in time. */
const UNANSWERED = ["08006", "ETIMEDOUT"];

/** The advice for a server that can be reached but does not answer in time. */
function unansweredFinding(error: unknown): Finding | null {
  const code = databaseFault(error)?.code ?? "";
  if (code === QUERY_CANCELED)
    return problem(
      `A statement took too long (${code}).`,
      "Is a table locked? `select pid, pg_blocking_pids(pid), query from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0`. Or is the server overloaded?",
    );
  return UNANSWERED.includes(code)
    ? problem(
        `Postgres does not answer (${code}).`,
        "Check DATABASE_URL. If it is right: is the server overloaded, or does a firewall drop packets?",
      )
    : null;
}

const SERVER_LOG = "Look into the log of Postgres at this time.";
const REPORT = "Run it again. If it fails the same way, report it with this line.";

/**
 * The finding for an unexpected failure of a check.
 * @param otherwise what to do if the message does not say so.
 */
function failedAs(messageOf: (error: unknown) => string, otherwise: string): (error: unknown) => Finding {
  return (error) =>
    error instanceof DeadlineExceeded
      ? problem("There was no answer in time.", "Is the server overloaded, or does a firewall drop packets?")
      : problemFrom(messageOf(error), otherwise);
}

/** Messages that may contain values are left out. */
function otherMessage(error: unknown): string {
  if (!(error instanceof Error) || carriesValues(error)) return "The check failed.";
  return `The check failed: ${error.message}.`;
}
