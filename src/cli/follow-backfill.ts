import { setTimeout as delay } from "node:timers/promises";
import { readMirrors } from "../connect/installed.ts";
import { mirrorStatus } from "../connect/status.ts";
import type { Database } from "../db/client.ts";
import { estimatesFor, type MirrorProgress, mirrorProgress, resyncedSoFar } from "./mirror-progress.ts";
import { printLine } from "./print.ts";
import { INTERRUPTED, WORKER_CHECK_AFTER_MS } from "./run-modes.ts";
import type { Terminal } from "./terminal.ts";

const POLL_MS = 200;

/** Shows how far the running workers are with mirrors, until these are compared or stopped. */
export async function followBackfill(
  terminal: Terminal,
  db: Database,
  tables: readonly string[],
): Promise<void> {
  const bar = mirrorProgress(terminal, "backfill", { mirrors: tables.length, silent: false });
  const ended = await untilCompared(terminal, db, tables, bar).finally(bar.stop);
  if (ended) return report(terminal, db, tables);
  terminal.exitCode = INTERRUPTED;
  terminal.writeError("Interrupted. Workers continue: `commonwork connect status` says how far they are.\n");
}

/** @returns false if its user interrupts it before. */
async function untilCompared(
  terminal: Terminal,
  db: Database,
  tables: readonly string[],
  bar: MirrorProgress,
): Promise<boolean> {
  const signal = terminal.interrupted();
  const estimates = await estimatesFor(terminal, db, tables);
  let hasBegun = false;
  const check = setTimeout(() => {
    if (!hasBegun)
      terminal.writeError("\nNo row has been compared yet. Does a worker run (commonwork start)?\n");
  }, WORKER_CHECK_AFTER_MS);
  try {
    for (;;) {
      const mirrors = (await readMirrors(db.drizzle)).filter(({ table }) => tables.includes(table));
      const compared = mirrors.map((mirror) => resyncedSoFar(mirror, estimates));
      bar.update(compared);
      hasBegun ||= compared.some(({ rows, share }) => rows > 0 || share > 0);
      if (compared.every(({ share }) => share === 1)) return true;
      if (signal.aborted) return false;
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    clearTimeout(check);
  }
}

async function report(terminal: Terminal, db: Database, tables: readonly string[]): Promise<void> {
  const statuses = await mirrorStatus(db.drizzle, db.schema);
  for (const { mirror, state, reason } of statuses.filter((one) => tables.includes(one.mirror))) {
    const isStopped = state === "stopped";
    if (isStopped) terminal.exitCode = 1;
    printLine(terminal, isStopped ? `${mirror} is stopped: ${reason}` : `${mirror}: all rows were compared.`);
  }
}
