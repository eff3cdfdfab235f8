import { randomUUID } from "node:crypto";
import type { QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import type { Dispatch } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import { addCarriers, FRESH, freeCarriers, type NewCarrier } from "./carriers.ts";
import { MAX_WAITING_CARRIERS } from "./queues.ts";
import type { Producers } from "./redis.ts";

/**
 * Direct dispatch skips the relay for queues without a backlog: entries are inserted with their carrier
 * already set, and the carrier is added to Redis right after the commit. If the process dies in between, the
 * sweep finds the carrier missing and frees its entries.
 */
export type DirectDispatch = {
  /**
   * Sets which queues have no backlog. Each may receive up to `MAX_WAITING_CARRIERS` carriers until the next
   * call.
   */
  allow(queues: readonly QueueName[]): void;
  /** Opens the reservations of one transaction, which runs in the given span. */
  open(trace: string | null): Reservations;
  /**
   * After the commit: adds the reserved carriers to Redis. Never throws: entries of carriers that cannot be
   * added are due again.
   */
  dispatch(reservations: Reservations): void;
  /** Resolves when no carrier is being added any more. */
  idle(): Promise<void>;
};

/** The carriers that one transaction has reserved, by id. */
type Reservations = Dispatch & { readonly carriers: ReadonlyMap<string, NewCarrier> };

type DirectDispatchDeps = { readonly db: Database; readonly producers: Producers; readonly log: Log };

/** Nothing is dispatched directly before the first `allow`. */
export function createDirectDispatch(deps: DirectDispatchDeps): DirectDispatch {
  const allowance = new Map<QueueName, number>();
  const underway = new Set<Promise<void>>();
  const take = (queue: QueueName, carriers: number): boolean => {
    const left = allowance.get(queue) ?? 0;
    if (left < carriers || !deps.producers.ready()) return false;
    allowance.set(queue, left - carriers);
    return true;
  };
  return {
    allow(queues) {
      allowance.clear();
      for (const queue of queues) allowance.set(queue, MAX_WAITING_CARRIERS);
    },
    open: (trace) => reservationsFrom(take, trace),
    dispatch({ carriers }) {
      if (carriers.size === 0) return;
      const filled = [...carriers.values()].filter((carrier) => carrier.entries.length > 0);
      if (filled.length === 0) return;
      const added = addOrFree(deps, filled).finally(() => underway.delete(added));
      underway.add(added);
    },
    idle: async () => void (await Promise.all(underway)),
  };
}

function reservationsFrom(
  take: (queue: QueueName, carriers: number) => boolean,
  trace: string | null,
): Reservations {
  const carriers = new Map<string, NewCarrier>();
  return {
    carriers,
    trace,
    cause: null,
    pending: false,
    reserve(queue: QueueName, job: string, entries: number, perCarrier: number) {
      const needed = Math.ceil(entries / perCarrier);
      if (!take(queue, needed)) return null;
      const ids = Array.from({ length: needed }, () => randomUUID());
      for (const id of ids) carriers.set(id, { ...FRESH, id, queue, job, entries: [] });
      return Array.from({ length: entries }, (_, n) => ids[Math.floor(n / perCarrier)] as string);
    },
    assign: (carrier, entry) => void carriers.get(carrier)?.entries.push(entry),
  };
}

/** Redis may have gone away since the reservation: the entries then wait for the relay like all others. */
async function addOrFree(
  { db, producers, log }: DirectDispatchDeps,
  carriers: readonly NewCarrier[],
): Promise<void> {
  try {
    await addCarriers(producers, carriers);
  } catch (error) {
    if (!producers.failed(error))
      log.warn(
        { err: error, carriers: carriers.length },
        "direct dispatch failed: Redis did not accept the carriers; the relay retries their entries",
      );
    const ids = carriers.map((carrier) => carrier.id);
    await freeCarriers(db, ids).catch((err: unknown) =>
      log.warn({ err }, "carriers could not be freed; the sweep will free them"),
    );
  }
}
