import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Threads } from "../queues/threads.ts";

/** Processor time of the machine so far, in any unit: of work at normal priority, and all there was. */
export type ProcessorTime = { readonly normal: number; readonly all: number };

type Surroundings = {
  processorTime(): ProcessorTime;
  now(): number;
  rest(ms: number, signal: AbortSignal): Promise<unknown>;
};

/** Above this share of the processors, work at normal priority is in each other's way. */
const BUSY_SHARE = 0.85;
/** On a busy machine a large statement has one part of the time in so many. */
const ONE_IN = 2;
const LONGEST_REST_MS = 2_000;
/** A turn that is not given back, because its transaction failed, ends by itself: no transaction lives longer. */
const LONGEST_TURN_MS = 5_000;
const LOOK_AGAIN_MS = 20;

/** Takes turns at large statements. */
export type Pace = {
  /** Resolves when it is the caller's turn, who calls `end` afterwards. Rejects when the signal aborts. */
  turn(signal: AbortSignal): Promise<void>;
  /** Between two statements of one turn: rests where the first was in others' way. */
  pause(signal: AbortSignal): Promise<void>;
  end(): void;
};

/**
 * The server cannot be asked to run a statement at a lower priority, as threads can. So of one process one large statement runs at a
 * time, and where the processors are busy, it is followed by a rest. A server on another machine is not seen.
 */
export function openPace(surroundings: Surroundings = THIS_MACHINE): Pace {
  const { processorTime, now, rest } = surroundings;
  let begun: Statement | null = null;
  let freeAt = 0;
  let last: Promise<void> = Promise.resolve();

  const begin = (turnAt: number): void => {
    begun = { turnAt, at: now(), time: processorTime() };
  };
  const whenFree = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const wait = begun ? begun.turnAt + LONGEST_TURN_MS - now() : freeAt - now();
      if (wait <= 0) return begin(now());
      await rest(begun ? Math.min(wait, LOOK_AGAIN_MS) : wait, signal);
    }
  };
  const restAfter = ({ at, time }: Statement): number =>
    isBusy(time, processorTime()) ? Math.min((ONE_IN - 1) * (now() - at), LONGEST_REST_MS) : 0;

  return {
    turn(signal) {
      const mine = last.then(() => whenFree(signal));
      last = mine.catch(() => undefined);
      return mine;
    },
    async pause(signal) {
      if (!begun) return;
      const { turnAt } = begun;
      const ms = restAfter(begun);
      if (ms > 0) await rest(ms, signal);
      begin(turnAt);
    },
    end() {
      if (begun) freeAt = now() + restAfter(begun);
      begun = null;
    },
  };
}

/** A statement under way: when its turn and it began, and the processors' time then. */
type Statement = { readonly turnAt: number; readonly at: number; readonly time: ProcessorTime };

const isBusy = (before: ProcessorTime, after: ProcessorTime): boolean =>
  after.normal - before.normal > BUSY_SHARE * (after.all - before.all);

const THIS_MACHINE: Surroundings = {
  processorTime() {
    let normal = 0;
    let all = 0;
    for (const { times } of cpus()) {
      normal += times.user + times.sys + times.irq;
      all += times.user + times.sys + times.irq + times.nice + times.idle;
    }
    return { normal, all };
  },
  now: () => performance.now(),
  rest: (ms, signal) => delay(ms, undefined, { signal }),
};

const paces = new WeakMap<Threads, Pace>();

/** The pace of a process, which its threads stand for. */
export function paceOf(threads: Threads): Pace {
  const pace = paces.get(threads) ?? openPace();
  paces.set(threads, pace);
  return pace;
}
