import type { Clock } from "../clock.ts";
import { carriesValues } from "../database-fault.ts";
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
import { mailerCheck } from "./mailer-check.ts";
import { postgresChecks, tableChecks } from "./postgres-checks.ts";
import { processChecks } from "./process-checks.ts";
import { openRedisProbe, redisChecks } from "./redis-checks.ts";
import { type Clean, secretsIn, withoutSecrets } from "./secrets.ts";
import { readSetUp, type SetUp } from "./set-up.ts";
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

/** Looks at the whole set-up. Nothing is changed. The lines contain no secret of the environment. */
export async function examine(options: ExamineOptions): Promise<Line[]> {
  const limitMs = options.limitMs ?? LIMIT_MS;
  const setUp = readSetUp(options.environment);
  const secrets = secretsIn(options.environment);
  const clean = (text: string) => withoutSecrets(text, secrets);
  const run = { limitMs, failed: failedAs((error) => clean(otherMessage(error))) };
  const parts = await Promise.all([
    runCheckGroups([processChecks(setUp, clean)], run),
    examinePostgres(setUp, { ...options, limitMs, clean }),
    examineRedis(setUp, run),
    runCheckGroups([[mailerCheck(setUp, limitMs), tracingCheck(setUp)]], run),
  ]);
  return parts.flat();
}

async function examinePostgres(
  { postgres }: SetUp,
  { limitMs, machine, clean }: ExamineOptions & { readonly limitMs: number; readonly clean: Clean },
): Promise<Line[]> {
  if (postgres === null) return [skippedCheck("Postgres", "Configuration")];
  const db = openDatabase(postgres, { max: 4, applicationName: "commonwork-doctor" });
  try {
    const groups = [
      ...postgresChecks({ db, address: postgres, ...(machine ? { machine } : {}) }),
      [...tableChecks(db), ...workChecks(db, timetable, clean)],
    ];
    return await runCheckGroups(groups, {
      limitMs,
      failed: failedAs((error) => clean(databaseMessage(error))),
    });
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

/** The finding for an unexpected failure of a check. */
function failedAs(messageOf: (error: unknown) => string): (error: unknown) => Finding {
  return (error) =>
    error instanceof DeadlineExceeded
      ? problem("There was no answer in time.", "Is the server overloaded, or does a firewall drop packets?")
      : problemFrom(messageOf(error));
}

/** Messages that may contain values are left out. */
function otherMessage(error: unknown): string {
  if (!(error instanceof Error) || carriesValues(error)) return "The check failed.";
  return `The check failed: ${error.message}.`;
}
