import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Threads } from "../queues/threads.ts";

/** Processor time of the machine so far, in ms: of work at normal priority, and all there was. */
export type ProcessorTime = { readonly normal: number; readonly all: number };

type Surroundings = {
  processorTime(): ProcessorTime;
  now(): number;
  rest(ms: number, signal: AbortSignal): Promise<unknown>;
};

/** Where others use more of the processors than this, a large statement is in their way. */
const CROWDED_SHARE = 0.3;
/** The system counts processor time in hundredths of a second: shorter looks say nothing. */
const LOOK_MS = 300;
/** Among others, large statements have one part of the time in so many: less would still be felt, more only takes longer. */
const ONE_IN = 5;
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
 * time, and where others want the processors, it is followed by a rest. A server on another machine is not seen.
 */
export function openPace(surroundings: Surroundings = THIS_MACHINE): Pace {
  const { now, rest } = surroundings;
  const isCrowded = watchOthers(surroundings);
  let begun: Statement | null = null;
  let freeAt = 0;
  let last: Promise<void> = Promise.resolve();

  const begin = (turnAt: number): void => {
    begun = { turnAt, at: now() };
  };
  const whenFree = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const wait = begun ? begun.turnAt + LONGEST_TURN_MS - now() : freeAt - now();
      if (wait <= 0) return begin(now());
      await rest(begun ? Math.min(wait, LOOK_AGAIN_MS) : wait, signal);
    }
  };
  const restAfter = ({ at }: Statement): number => {
    const tookMs = now() - at;
    return isCrowded(tookMs) ? Math.min((ONE_IN - 1) * tookMs, LONGEST_REST_MS) : 0;
  };

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

/** A statement under way: when its turn and it began. */
type Statement = { readonly turnAt: number; readonly at: number };

/** @returns whether others want the processors, told with each statement how long it ran: it kept one of them busy itself. */
function watchOthers({ processorTime, now }: Surroundings): (statementMs: number) => boolean {
  let since = { at: now(), time: processorTime() };
  let ownMs = 0;
  let crowded = false;
  return (statementMs) => {
    ownMs += statementMs;
    if (now() - since.at < LOOK_MS) return crowded;
    const time = processorTime();
    const others = time.normal - since.time.normal - ownMs;
    crowded = others > CROWDED_SHARE * (time.all - since.time.all);
    since = { at: now(), time };
    ownMs = 0;
    return crowded;
  };
}

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
