import { sql } from "drizzle-orm";
import { audit } from "../db/audit.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

export type PauseOptions = { readonly actor: string; readonly reason?: string | undefined };

/**
 * Pauses a schedule: it opens no slots until it is resumed. A run in progress continues.
 * @returns false if it was paused.
 */
export async function pauseSchedule(tx: Tx, name: string, { actor, reason }: PauseOptions): Promise<boolean> {
  const changed = await rows(
    tx,
    sql`insert into schedules (name, through, paused_at) values (${name}, now(), now())
        on conflict (name) do update set paused_at = excluded.paused_at where schedules.paused_at is null
        returning name`,
  );
  if (changed.length > 0) await record(tx, "schedules.pause", name, actor, reason);
  return changed.length > 0;
}

/**
 * Resumes a schedule. Its misfire policy decides about the slots that were missed.
 * @returns false if it was not paused.
 */
export async function resumeSchedule(
  tx: Tx,
  name: string,
  { actor, reason }: PauseOptions,
): Promise<boolean> {
  const changed = await rows(
    tx,
    sql`update schedules set paused_at = null where name = ${name} and paused_at is not null returning name`,
  );
  if (changed.length > 0) await record(tx, "schedules.resume", name, actor, reason);
  return changed.length > 0;
}

const record = (tx: Tx, action: string, name: string, actor: string, reason: string | undefined) =>
  audit(tx, { actor, action, subject: `schedules:${name}`, details: reason === undefined ? {} : { reason } });
