import { sql } from "drizzle-orm";
import type { ZodError } from "zod";
import type { Database } from "../db/client.ts";
import { databaseFault, isContention, isDatabaseAbsent } from "../db/faults.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Job } from "./job.ts";
import { CallFailed, Cancel, Interrupted, PayloadRejected, Snooze, TimeLimitExceeded } from "./outcome.ts";
import { failRun, recordDeadWork } from "./runs.ts";

/** What becomes of work that threw. */
export type Fate =
  | { readonly kind: "dead" | "cancelled" | "retry"; readonly error: string }
  | { readonly kind: "later"; readonly delayMs: number; readonly outcome: "snoozed" | "interrupted" }
  | { readonly kind: "postgres absent" };

/** Reads a fate from an error. Contention, snooze, interruption and an absent Postgres use no attempt. */
export function fateOf(error: unknown, random: () => number = Math.random): Fate {
  if (error instanceof Snooze) return { kind: "later", delayMs: error.delayMs, outcome: "snoozed" };
  if (error instanceof Interrupted) return { kind: "later", delayMs: 0, outcome: "interrupted" };
  if (error instanceof Cancel) return { kind: "cancelled", error: `Cancel: ${error.message}` };
  if (error instanceof PayloadRejected) return { kind: "dead", error: `PayloadRejected: ${error.message}` };
  if (error instanceof CallFailed) return { kind: "retry", error: `call: ${describeError(error.cause)}` };
  if (isDatabaseAbsent(error)) return { kind: "postgres absent" };
  if (isContention(error)) return { kind: "later", delayMs: 50 + random() * 450, outcome: "interrupted" };
  return { kind: "retry", error: describeError(error) };
}

/**
 * What is kept of an error: its kind, its code and constraint, where it was thrown. Never its message, which may hold values,
 * unless the message is our own.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  const fault = databaseFault(error);
  if (fault) return fault.constraint ? `${fault.code} ${fault.constraint}` : fault.code;
  if (error instanceof TimeLimitExceeded) return `TimeLimitExceeded: ${error.message}`;
  if (error.name === "ZodError") {
    const paths = (error as ZodError).issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`);
    return `ZodError ${paths.join("; ")}${placeOf(error)}`.slice(0, 500);
  }
  return `${error.name}${placeOf(error)}`.slice(0, 500);
}

function placeOf(error: Error): string {
  const frame = error.stack?.split("\n").find((line) => /\/(src|dist|test)\//.test(line));
  const place = frame?.match(/((?:src|dist|test)\/[^)\s]+)/)?.[1];
  return place ? ` at ${place}` : "";
}

/** Gives entries back at once, without using an attempt. */
export async function giveBack(db: Database, ids: readonly string[], delayMs = 0): Promise<void> {
  await db.drizzle.execute(
    sql`update outbox set enqueued_at = null, carrier = null, run_at = now() + ${Math.round(delayMs)} * interval '1 millisecond'
        where id = any(${array(ids)}::bigint[]) and dead_at is null`,
  );
}

/**
 * Uses up one attempt of an entry: it is due again after a capped exponential back-off with jitter, or dead when it was the last.
 * A dead entry fails the run that it belongs to.
 */
export async function postpone(
  db: Database,
  job: Job,
  id: string,
  failure: { readonly error: string; readonly final: boolean; readonly status?: "failed" | "cancelled" },
): Promise<"retry" | "dead"> {
  const { baseMs, capMs } = job.backOff;
  return inTransaction(db, async (tx) => {
    const [entry] = await rows<{ dead: boolean; parent: string | null }>(
      tx,
      sql`update outbox set
            attempts = attempts + 1, error = ${failure.error}, enqueued_at = null, carrier = null,
            run_at = now() + least(${capMs}, ${baseMs} * power(2, least(attempts, 30))) * (0.5 + random() / 2) * interval '1 millisecond',
            dead_at = case when ${failure.final} or attempts + 1 >= ${job.attempts} then now() end
          where id = ${id} and dead_at is null
          returning dead_at is not null as dead, parent`,
    );
    if (!entry?.dead) return "retry";
    const { status = "failed", error } = failure;
    if (entry.parent === null) await recordDeadWork(tx, { id, status, error });
    else await failRun(tx, entry.parent, status, error);
    return "dead";
  });
}
