import type { PoolClient } from "pg";
import type { Database } from "./client.ts";

/**
 * How long a lock outlives a holder whose host is gone without a reset: after this idle time the server ends
 * the session.
 */
const HOLDER_IDLE_LIMIT_MS = 5_000;
/** How often a holder shows the server that it is alive. */
const HEARTBEAT_MS = 1_000;

/**
 * Runs `work` under a lock of a session of its own, so that no transaction is open in the meantime. A holder
 * whose event loop is blocked for longer than the limit loses the lock: what runs under it must be safe to
 * run twice at a time.
 *
 * @param key SQL for the key of the lock.
 * @returns false, without running `work`, while another session has the lock.
 */
export async function withSessionLock(
  { pool }: Database,
  key: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const holder = await pool.connect();
  // Without a listener, losing this connection during the work would end the process.
  let lost = false;
  const onLost = () => {
    lost = true;
  };
  holder.on("error", onLost);
  try {
    const acquired = await acquire(holder, key);
    if (acquired) await workWithHeartbeat(holder, work);
    if (!lost) await release(holder, key, acquired);
    return acquired;
  } catch (error) {
    // Ending the session releases the lock.
    lost = true;
    throw error;
  } finally {
    holder.off("error", onLost);
    holder.release(lost);
  }
}

async function acquire(holder: PoolClient, key: string): Promise<boolean> {
  const { rows } = await holder.query<{ acquired: boolean }>(
    `select set_config('idle_session_timeout', '${HOLDER_IDLE_LIMIT_MS}', false), pg_try_advisory_lock(${key}) as acquired`,
  );
  return rows[0]?.acquired === true;
}

async function release(holder: PoolClient, key: string, acquired: boolean): Promise<void> {
  const unlock = acquired ? `, pg_advisory_unlock(${key})` : "";
  await holder.query(`select set_config('idle_session_timeout', '0', false)${unlock}`);
}

async function workWithHeartbeat(holder: PoolClient, work: () => Promise<void>): Promise<void> {
  // A heartbeat that fails has lost its connection, which is noticed by the listener.
  const beat = () => void holder.query("select 1").catch(() => undefined);
  const heartbeat = setInterval(beat, HEARTBEAT_MS);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
  }
}
