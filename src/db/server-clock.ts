import { sql } from "drizzle-orm";
import { type Clock, systemClock } from "../clock.ts";
import { type Queryable, rows } from "./statement.ts";

/**
 * The clock of Postgres, kept on this machine. All processes use it for slots, periods and deadlines, however
 * wrong their own clocks are.
 */
export type ServerClock = Clock & {
  /** Measures the offset again, in one short statement. */
  measure(): Promise<void>;
  /**
   * How far the clock of this machine is ahead of Postgres's, in milliseconds; null before the first
   * measurement.
   */
  offsetMs(): number | null;
  /**
   * False if Postgres's clock differs from the time expected here: it was set, or another server took over.
   * The offset is then measured again.
   */
  confirm(tx: Queryable): Promise<boolean>;
  /** Measures at intervals. */
  start(): void;
  stop(): void;
};

const MEASURE_EVERY_MS = 15_000;
/** A measurement that took longer is not precise enough to replace an earlier one. */
const SLOW_MS = 1_000;
const TOLERANCE_MS = 5_000;

type Measurement = {
  /** Postgres's time in milliseconds since the epoch. */
  readonly serverMs: number;
  /** The monotonic time at which it was read. */
  readonly atMs: number;
  readonly offsetMs: number;
};

export type ServerClockDeps = {
  readonly on: Queryable;
  /** The clock of this machine. */
  readonly machine?: Clock;
  /** Reads Postgres's clock, in milliseconds since the epoch. */
  readonly read?: (on: Queryable) => Promise<number>;
};

/**
 * Between two measurements the monotonic clock of the process is added, so a step of the machine's clock has
 * no effect. Before the first one it is the clock of this machine.
 */
export function createServerClock({
  on,
  machine = systemClock,
  read = readServerMs,
}: ServerClockDeps): ServerClock {
  let last: Measurement | null = null;
  let timer: NodeJS.Timeout | undefined;
  const nowMs = () =>
    last === null ? machine.now().getTime() : last.serverMs + (performance.now() - last.atMs);
  const measure = async () => {
    const startedMs = performance.now();
    const serverMs = await read(on);
    const atMs = performance.now();
    if (last !== null && atMs - startedMs > SLOW_MS) return;
    // Postgres read its clock about half-way.
    const middleMs = serverMs + (atMs - startedMs) / 2;
    last = { serverMs: middleMs, atMs, offsetMs: machine.now().getTime() - middleMs };
  };
  return {
    now: () => new Date(nowMs()),
    measure,
    offsetMs: () => last?.offsetMs ?? null,
    async confirm(tx) {
      const startedMs = nowMs();
      const serverMs = await read(tx);
      const isExpected = serverMs > startedMs - TOLERANCE_MS && serverMs < nowMs() + TOLERANCE_MS;
      if (!isExpected) await measure();
      return isExpected;
    },
    start() {
      // Without Postgres the last measurement stays in use.
      timer ??= setInterval(() => void measure().catch(() => undefined), MEASURE_EVERY_MS).unref();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

async function readServerMs(on: Queryable): Promise<number> {
  const [row] = await rows<{ ms: number }>(
    on,
    sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  if (!row) throw new Error("Postgres returned no time");
  return row.ms;
}
