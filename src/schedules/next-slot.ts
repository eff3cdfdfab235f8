import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { openDueSlots } from "./due-slots.ts";
import type { Schedule } from "./schedule.ts";

/** A run of a schedule has ended: the next slot, if one was waiting for it, opens in the same transaction. */
export async function openNextSlot(
  tx: Tx,
  timetable: readonly Schedule[],
  runId: string,
  now: Date,
): Promise<void> {
  const [run] = await rows<{ schedule: string | null }>(
    tx,
    sql`select schedule from job_runs where id = ${runId}`,
  );
  const schedule = timetable.find((candidate) => candidate.name === run?.schedule);
  if (schedule) await openDueSlots(tx, [schedule], now);
}
