import { randomUUID } from "node:crypto";
import type { QueueName } from "../config/queues.ts";
import type { Database } from "../db/client.ts";
import type { Tx } from "../db/transaction.ts";
import type { Log } from "../log.ts";
import { addCarriers, freeCarriers, type NewCarrier } from "./carriers.ts";
import { MAX_WAITING_CARRIERS } from "./queues.ts";
import type { Producers } from "./redis.ts";

/**
 * The express lane. Work for a queue in which nothing waits needs no round of the relay: its entries are born with their carrier, and
 * the carrier goes to Redis right after their commit. What dies in between is found by the sweep, like any carrier that is gone.
 */
export type Express = {
  /** The queues that have no line: each may be given so many express carriers until it is looked at again. */
  allow(queues: readonly QueueName[]): void;
  /** A lane for one transaction. */
  open(): Lane;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
};

type Lane = {
  /** Lets the entries that this transaction writes take seats. */
  serve(tx: Tx): void;
  /** After the commit: brings the carriers. Never throws: what cannot be brought is due again. */
  depart(): void;
};

type Seats = {
  /** @returns a carrier for each of `entries` entries, or null where they have to wait in line. */
  take(queue: QueueName, job: string, entries: number, perCarrier: number): readonly string[] | null;
  fill(carrier: string, entry: string): void;
};

const served = new WeakMap<Tx, Seats>();

/** Carriers for entries that are about to be written in this transaction; null where it has no lane or the queue has a line. */
export const takeSeats = (
  tx: Tx,
  queue: QueueName,
  job: string,
  entries: number,
  perCarrier: number,
): readonly string[] | null => served.get(tx)?.take(queue, job, entries, perCarrier) ?? null;

/**
 * Notes which of the written entries really took their seats: one that was there before keeps the carrier that it had.
 *
 * @returns true when all did.
 */
export function fillSeats(
  tx: Tx,
  entries: readonly { readonly id: string; readonly carrier: string | null }[],
  seats: ReadonlySet<string>,
): boolean {
  let all = true;
  for (const { id, carrier } of entries) {
    if (carrier !== null && seats.has(carrier)) served.get(tx)?.fill(carrier, id);
    else all = false;
  }
  return all;
}

type ExpressDeps = { readonly db: Database; readonly producers: Producers; readonly log: Log };

/** Opens the lane of one process. Nothing goes by it before `allow`. */
export function createExpress(deps: ExpressDeps): Express {
  const allowed = new Map<QueueName, number>();
  const underway = new Set<Promise<void>>();
  const take = (queue: QueueName, carriers: number): boolean => {
    const left = allowed.get(queue) ?? 0;
    if (left < carriers || !deps.producers.ready()) return false;
    allowed.set(queue, left - carriers);
    return true;
  };
  return {
    allow(queues) {
      allowed.clear();
      for (const queue of queues) allowed.set(queue, MAX_WAITING_CARRIERS);
    },
    open() {
      const carriers = new Map<string, NewCarrier>();
      return {
        serve: (tx) => void served.set(tx, seatsOf(carriers, take)),
        depart() {
          const filled = [...carriers.values()].filter((carrier) => carrier.entries.length > 0);
          if (filled.length === 0) return;
          const departure = bring(deps, filled).finally(() => underway.delete(departure));
          underway.add(departure);
        },
      };
    },
    idle: async () => void (await Promise.all(underway)),
  };
}

function seatsOf(
  carriers: Map<string, NewCarrier>,
  take: (queue: QueueName, carriers: number) => boolean,
): Seats {
  return {
    take(queue, job, entries, perCarrier) {
      const needed = Math.ceil(entries / perCarrier);
      if (!take(queue, needed)) return null;
      const ids = Array.from({ length: needed }, () => randomUUID());
      for (const id of ids) carriers.set(id, { id, queue, job, run: null, alone: false, entries: [] });
      return Array.from({ length: entries }, (_, n) => ids[Math.floor(n / perCarrier)] as string);
    },
    fill: (carrier, entry) => void carriers.get(carrier)?.entries.push(entry),
  };
}

/** Redis may have gone away between the permission and the commit: then the entries stand in line like all others. */
async function bring({ db, producers, log }: ExpressDeps, carriers: readonly NewCarrier[]): Promise<void> {
  try {
    await addCarriers(producers, carriers);
  } catch (error) {
    log.warn(
      { err: error, carriers: carriers.length },
      "express carriers were not brought; their entries stay due",
    );
    const ids = carriers.map((carrier) => carrier.id);
    await freeCarriers(db, ids)
      // The sweep asks for every carrier.
      .catch((err: unknown) => log.warn({ err }, "express entries are left to the sweep"));
  }
}
