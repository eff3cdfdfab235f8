import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { databaseFault } from "../../database-fault.ts";
import { UnsuitableServer } from "../../unsuitable-server.ts";
import { isDatabaseAbsent } from "../faults.ts";

/** An attempt may take as long, also at the end of the wait: a server that answers at all answers by then. */
const ATTEMPT_MS = 5_000;
const PAUSE_MS = 1_000;

export type Patience = {
  /** How long to keep trying while the server does not answer. 0: one attempt. */
  readonly waitMs: number;
  /** Called once, when the first attempt has failed and others will follow. */
  readonly onWait?: (reason: string) => void;
};

/**
 * Connects to a server that may still be starting, or too busy to answer soon. One attempt takes all the time
 * that is left, since each new one costs a busy server more. What waiting does not change, such as a rejected
 * login, is thrown at once.
 *
 * @param open makes the client of one attempt, which gives up after `limitMs`.
 * @throws UnsuitableServer when the server has not answered in time.
 */
export async function connectPatiently(
  open: (limitMs: number) => pg.Client,
  { waitMs, onWait }: Patience,
): Promise<pg.Client> {
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    const client = open(Math.max(ATTEMPT_MS, waitMs - (performance.now() - startedMs)));
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!isDatabaseAbsent(error)) throw error;
      const reason = `${client.host}:${client.port} (${databaseFault(error)?.code})`;
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs + PAUSE_MS > waitMs) throw gaveUp(reason, elapsedMs, error);
      if (attempt === 1) onWait?.(reason);
      await delay(PAUSE_MS);
    }
  }
}

const gaveUp = (reason: string, elapsedMs: number, cause: unknown): UnsuitableServer =>
  new UnsuitableServer(
    `No connection to Postgres at ${reason} within ${Math.round(elapsedMs / 1_000)} s. Check DATABASE_URL, or wait longer with \`commonwork migrate --wait <seconds>\`.`,
    { cause },
  );
