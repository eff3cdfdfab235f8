import { expect, it } from "vitest";
import { LEASE_MS } from "../../src/queues/call-lease.ts";
import { LONGEST_PAUSE_MS, SPREAD_MS } from "../../src/queues/circuits.ts";
import { LOCK_POLICY } from "../../src/queues/queues.ts";
import { CONNECT_LIMIT_MS, LONGEST_RECONNECT_PAUSE_MS } from "../../src/queues/redis-connections.ts";
import { POLL_MS } from "../../src/queues/relay.ts";
import { CARRIED_FOR_MS } from "../../src/queues/sweep.ts";
import { ROUND_EVERY_MS, ROUNDS_PER_SLOT_CHECK } from "../../src/roles/scheduler.ts";

const RECOVERY_MS = 15_000;

/** An attempt to connect that began just before the recovery, and the pause after it. */
const RECONNECT_MS = CONNECT_LIMIT_MS + LONGEST_RECONNECT_PAUSE_MS;

/** What work waits for at most once its servers are back, by what had happened to it. */
const WAITS: Readonly<Record<string, number>> = {
  "its connection was lost": RECONNECT_MS + POLL_MS,
  // Connections are made while the time of the carrier runs out.
  "its carrier was lost": Math.max(CARRIED_FOR_MS, RECONNECT_MS) + ROUND_EVERY_MS + POLL_MS,
  "its worker was killed": LOCK_POLICY.lockDurationMs + LOCK_POLICY.stalledIntervalMs,
  "its worker was killed during an outside call": LEASE_MS + POLL_MS,
  "its slot was not opened": ROUND_EVERY_MS * ROUNDS_PER_SLOT_CHECK,
  // The pause that began last, its spread, and the spread of what one carrier has tried.
  "its circuit was open": Math.max(LONGEST_PAUSE_MS + SPREAD_MS + 2 * SPREAD_MS, RECONNECT_MS) + POLL_MS,
};

it.each(Object.entries(WAITS))("work waits for less than 15 s after a recovery when %s", (_when, waitMs) => {
  expect(waitMs).toBeLessThan(RECOVERY_MS);
});
