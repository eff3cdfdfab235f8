import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Threads } from "./threads.ts";

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

/** Gives turns at large statements, one at a time. */
export type Pace = {
  /** Resolves when it is the caller's turn. Rejects when the signal aborts. */
  turn(signal: AbortSignal): Promise<Turn>;
  /** Whether others want the processors, as far as was seen at the last statement: large statements should be cut. */
  isCrowded(): boolean;
};

/** Ends when its owner ends it, or after five seconds. */
export type Turn = {
  /** Between two statements of a turn: rests where the first was in others' way. Rejects when the signal aborts. */
  pause(signal: AbortSignal): Promise<void>;
  end(): void;
};

/**
 * The server cannot be asked to run a statement at a lower priority, as threads can. So of one process one large statement runs at a
 * time, and where others want the processors, it is followed by a rest. A server on another machine is not seen.
 */
export function openPace(surroundings: Surroundings = THIS_MACHINE): Pace {
  const { now, rest } = surroundings;
  const others = watchOthers(surroundings);
  let current: { readonly endsAt: number; readonly ended: AbortController } | null = null;
  let freeAt = 0;
  let last: Promise<unknown> = Promise.resolve();

  const untilFree = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const wait = (current?.endsAt ?? freeAt) - now();
      if (wait <= 0) return;
      const sooner = current ? AbortSignal.any([signal, current.ended.signal]) : signal;
      await rest(wait, sooner).catch(() => undefined);
    }
  };
  const begin = (): Turn => {
    const mine = { endsAt: now() + LONGEST_TURN_MS, ended: new AbortController() };
    let statementAt = now();
    const restMs = (): number => {
      const tookMs = now() - statementAt;
      others.look(tookMs);
      return others.areMany() ? Math.min((ONE_IN - 1) * tookMs, LONGEST_REST_MS) : 0;
    };
    current = mine;
    return {
      async pause(signal) {
        const ms = restMs();
        if (ms > 0) await rest(ms, signal);
        statementAt = now();
      },
      end() {
        if (current !== mine) return;
        freeAt = now() + restMs();
        current = null;
        mine.ended.abort();
      },
    };
  };

  return {
    turn(signal) {
      const mine = last.then(() => untilFree(signal)).then(begin);
      last = mine.catch(() => undefined);
      return mine;
    },
    isCrowded: others.areMany,
  };
}

/** Looks at what others use of the processors, told with each statement how long it ran: it kept one of them busy itself. */
function watchOthers({ processorTime, now }: Surroundings) {
  let since = { at: now(), time: processorTime() };
  let ownMs = 0;
  let many = false;
  return {
    areMany: () => many,
    look(statementMs: number): void {
      ownMs += statementMs;
      if (now() - since.at < LOOK_MS) return;
      const time = processorTime();
      const others = time.normal - since.time.normal - ownMs;
      many = others > CROWDED_SHARE * (time.all - since.time.all);
      since = { at: now(), time };
      ownMs = 0;
    },
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
