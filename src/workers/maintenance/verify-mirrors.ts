import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { compareMirror } from "../../connect/compare.ts";
import { type Mirror, readMirrors } from "../../connect/installed.ts";
import { differingCount, mirrorLagSeconds } from "../../connect/status.ts";
import { audit } from "../../db/audit.ts";
import type { Queryable } from "../../db/statement.ts";
import { type ComputeContext, defineJob } from "../../queues/job.ts";
import { done, Snooze, skipped } from "../../queues/outcome.ts";

const LOOK_MS = 500;
const CATCH_UP_MS = 5_000;
/** When to try again while a mirror is behind. */
const BEHIND_MS = 60_000;

/** Compares mirrors with their selects. It reports differences and never repairs them. */
export const verifyMirrors = defineJob({
  name: "verify-mirrors",
  queue: "maintenance",
  description: "Compares every mirrored row with the host's. Any difference raises an alert.",
  payload: z.object({}),
  key: () => "all",
  timeLimitMs: 600_000,
  range: z.object({ mirror: z.string() }),
  cut: async (_payload, { tx }) => (await comparable(tx)).map(({ table }) => ({ mirror: table })),
  compute: async ({ mirror: name }, { read, signal }) => {
    const mirror = (await read(comparable)).find(({ table }) => table === name);
    if (mirror === undefined) return null;
    return compareMirror(mirror, {
      read,
      signal,
      catchUp: () => untilCaughtUp(name, read, signal),
    });
  },
  run: async ({ mirror }, { tx, log }, compared) => {
    if (compared === null) return skipped("the mirror is stopped, in a resync, or no longer installed");
    const { rows, differing } = compared;
    if (differing.length > 0) {
      log.error(
        { alert: "mirror-differs", mirror, rows: differing.length },
        "mirrored rows differ from the host's",
      );
      await audit(tx, {
        actor: "service",
        action: "mirror.differs",
        subject: `mirrors:${mirror}`,
        details: { rows: differing.length },
      });
    }
    return done({ rows, [differingCount(mirror)]: differing.length });
  },
  sum: async (_payload, counts) => done(counts),
});

/** Mirrors whose rows should equal the host's by now. */
const comparable = async (on: Queryable): Promise<Mirror[]> =>
  (await readMirrors(on)).filter(
    ({ stopped, resync, ofRecords }) => !stopped && !ofRecords && resync === null,
  );

/**
 * Waits until the changes recorded so far have been applied.
 *
 * @throws Snooze if the mirror is behind.
 */
async function untilCaughtUp(
  mirror: string,
  read: ComputeContext["read"],
  signal: AbortSignal,
): Promise<void> {
  for (let waitedMs = LOOK_MS; waitedMs <= CATCH_UP_MS; waitedMs += LOOK_MS) {
    await delay(LOOK_MS, undefined, { signal });
    if ((await read((tx) => mirrorLagSeconds(tx, mirror))) * 1_000 < waitedMs) return;
  }
  throw new Snooze(BEHIND_MS, "the mirror is behind");
}
