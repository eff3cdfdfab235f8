import { sql } from "drizzle-orm";
import type { ZodError } from "zod";
import { databaseFault } from "../database-fault.ts";
import type { Database } from "../db/client.ts";
import { isContention, isDatabaseAbsent, isDatabaseUnfit, isStatementCancelled } from "../db/faults.ts";
import { rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import { type Holder, heldBy, lockedWhere } from "./call-lease.ts";
import type { Job } from "./job.ts";
import { pauseEnd } from "./job-pauses.ts";
import {
  AnotherVersion,
  CallFailed,
  Cancel,
  Interrupted,
  NotSent,
  PayloadRejected,
  Snooze,
  TimeLimitExceeded,
} from "./outcome.ts";
import { releaseNextRange } from "./parked-ranges.ts";
import { type DeadStatus, failRun, recordDeadWork } from "./runs.ts";

/**
 * What happens to entries whose attempt threw. `later` and `postponed` use no attempt. `discardsRequest`: the
 * next attempt prepares a new request.
 */
export type Disposition = { readonly discardsRequest?: true } & (
  | { readonly kind: "dead" | "cancelled" | "retry"; readonly error: string }
  | { readonly kind: "postponed"; readonly error: string }
  | {
      readonly kind: "later";
      readonly delayMs: number;
      /** A paused job: they are due when its pause ends, or after the delay if it has ended. */
      readonly paused?: string;
      readonly outcome: "snoozed" | "interrupted";
    }
);

/**
 * The cause of an error: Postgres is unreachable, Postgres is read-only or full, locks held by others, a time
 * limit, or the entry itself. Only the last one is certainly the fault of the entry.
 */
export type FaultKind = "absent" | "unfit" | "contention" | "limit" | "own";

export function faultKindOf(error: unknown): FaultKind {
  if (error instanceof TimeLimitExceeded) return "limit";
  // They may wrap errors with the codes of a lost connection.
  if (OWN.some((own) => error instanceof own)) return "own";
  if (isDatabaseUnfit(error)) return "unfit";
  if (isDatabaseAbsent(error)) return "absent";
  if (isContention(error)) return "contention";
  return isStatementCancelled(error) ? "limit" : "own";
}

const OWN = [Snooze, NotSent, Interrupted, Cancel, PayloadRejected, AnotherVersion, CallFailed] as const;

/** The code of a fault that opens a circuit: a label of metrics. */
export const faultCode = (error: unknown): string =>
  error instanceof TimeLimitExceeded ? "time-limit" : (databaseFault(error)?.code ?? "unknown");

/** The disposition of an entry that failed by its own fault. */
export function dispositionOf(error: unknown): Disposition {
  if (error instanceof Snooze) return { kind: "later", delayMs: error.delayMs, outcome: "snoozed" };
  if (error instanceof NotSent) return dispositionOfNotSent(error);
  if (error instanceof Interrupted) return { kind: "later", delayMs: 0, outcome: "interrupted" };
  if (error instanceof Cancel) return { kind: "cancelled", error: `Cancel: ${error.message}` };
  if (error instanceof PayloadRejected) return { kind: "dead", error: `PayloadRejected: ${error.message}` };
  if (error instanceof AnotherVersion)
    return { kind: "postponed", error: `AnotherVersion: ${error.message}` };
  if (error instanceof CallFailed) return { kind: "retry", error: `call: ${describeError(error.cause)}` };
  return { kind: "retry", error: describeError(error) };
}

function dispositionOfNotSent({ delayMs, message }: NotSent): Disposition {
  if (delayMs === null) return { kind: "retry", error: `call: ${message}`, discardsRequest: true };
  return { kind: "later", delayMs, outcome: "snoozed", discardsRequest: true };
}

/**
 * What is stored of an error: its type, code and constraint, and where it was thrown. Never its message,
 * which may hold values, unless the message is ours.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  const fault = databaseFault(error);
  if (fault) return fault.constraint ? `${fault.code} ${fault.constraint}` : fault.code;
  if (error instanceof TimeLimitExceeded) return `TimeLimitExceeded: ${error.message}`;
  if (error instanceof NotSent) return error.message;
  if (error.name === "ZodError") {
    const paths = (error as ZodError).issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`);
    return `ZodError ${paths.join("; ")}${sourceOf(error)}`.slice(0, 500);
  }
  return `${error.name}${sourceOf(error)}`.slice(0, 500);
}

/** The first frame of the stack that lies in our own code. */
function sourceOf(error: Error): string {
  const frame = error.stack?.split("\n").find((line) => /\/(src|dist|test)\//.test(line));
  const source = frame?.match(/((?:src|dist|test)\/[^)\s]+)/)?.[1];
  return source ? ` at ${source}` : "";
}

/**
 * Makes entries due again without using an attempt, unless another carrier has taken them over. The lease
 * of another attempt stays.
 */
export async function releaseEntries(
  db: Database,
  ids: readonly string[],
  holder: Holder,
  { delayMs = 0, paused = null, discardsRequest = false }: ReleaseOptions = {},
): Promise<void> {
  await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null,
               run_at = coalesce(${paused === null ? null : pauseEnd(paused)}, now() + ${Math.round(delayMs)} * interval '1 millisecond'),
               request = case when not ${discardsRequest} then request end,
               leased_until = case when leased_by = ${holder.token} then null else leased_until end,
               leased_by = nullif(leased_by, ${holder.token})
        where id = any(${lockedWhere(ids, sql`carrier = ${holder.carrier} or leased_by = ${holder.token}`)})`,
  );
}

type ReleaseOptions = {
  readonly delayMs?: number;
  /** A paused job: they are due when its pause ends, or after the delay if it has ended. */
  readonly paused?: string | null | undefined;
  readonly discardsRequest?: boolean | undefined;
};

export type Failure = {
  readonly error: string;
  /** True when no further attempt is made. */
  readonly final: boolean;
  readonly discardsRequest?: boolean | undefined;
  /** The status of its run if it is dead. */
  readonly status?: DeadStatus;
};

/**
 * Uses one attempt of an entry: it is due again after a capped exponential back-off with jitter, or dead if
 * that was the last attempt. A dead entry fails the run that it belongs to.
 *
 * @param holder the attempt that failed; null for an entry that no attempt holds.
 * @returns "lost" if another attempt holds it by now, or has settled it. Nothing is changed then.
 */
export async function failEntry(
  db: Database,
  job: Pick<Job, "attempts" | "backOff">,
  id: string,
  { error, final, status = "failed", discardsRequest = false }: Failure,
  holder: Holder | null,
): Promise<"retry" | "dead" | "lost"> {
  const { baseMs, capMs } = job.backOff;
  return inTransaction(db, async (tx) => {
    const [entry] = await rows<{ dead: boolean; parent: string | null }>(
      tx,
      sql`update outbox set
            attempts = attempts + 1, error = ${error}, enqueued_at = null, carrier = null,
            request = case when not ${discardsRequest} then request end,
            leased_by = null, leased_until = null,
            run_at = now() + least(${capMs}, ${baseMs} * power(2, least(attempts, 30))) * (0.5 + random() / 2) * interval '1 millisecond',
            dead_at = case when ${final} or attempts + 1 >= ${job.attempts} then now() end
          where id = any(${lockedWhere([id], holder ? heldBy(holder) : sql`true`)})
          returning dead_at is not null as dead, parent`,
    );
    // While it waits for its next attempt, or for an operator, another range of its run may start.
    if (!entry) return "lost";
    if (entry.parent !== null) await releaseNextRange(tx, entry.parent, id);
    if (!entry.dead) return "retry";
    if (entry.parent === null) await recordDeadWork(tx, { id, status, error });
    else await failRun(tx, entry.parent, status, error);
    return "dead";
  });
}
