import { cpus } from "node:os";

/** Processor time of this machine since it started, in ms: spent at normal priority, and in total. */
export type ProcessorTimes = { readonly normal: number; readonly total: number };

/** Above this share of all processors, large statements keep other work waiting. */
const CROWDED_SHARE = 0.3;
/** The system counts in hundredths of a second, so shorter samples are meaningless. */
const SAMPLE_MS = 300;

/**
 * Measures whether other work wants the processors of this machine. Those of a database server elsewhere are
 * not measured.
 */
export type ProcessorLoad = {
  /** Starts a new sample: earlier load says nothing about the statements that follow. */
  restart(): void;
  /** Records that a statement of our own kept a processor busy; to be called after each. */
  record(statementMs: number): void;
  /** Whether, in the last sample, other work at normal priority used more than 30 % of the processors. */
  isCrowded(): boolean;
};

/** @param times and `now`, for tests. */
export function openProcessorLoad(
  times: () => ProcessorTimes = processorTimes,
  now: () => number = () => performance.now(),
): ProcessorLoad {
  let since = { at: now(), times: times() };
  let ownMs = 0;
  let crowded = false;
  return {
    restart() {
      since = { at: now(), times: times() };
      ownMs = 0;
      crowded = false;
    },
    isCrowded: () => crowded,
    record(statementMs) {
      ownMs += statementMs;
      if (now() - since.at < SAMPLE_MS) return;
      const current = times();
      const othersMs = current.normal - since.times.normal - ownMs;
      crowded = othersMs > CROWDED_SHARE * (current.total - since.times.total);
      since = { at: now(), times: current };
      ownMs = 0;
    },
  };
}

/** The time of niced threads, such as those of src/threads/threads.ts, is counted apart and left out here. */
function processorTimes(): ProcessorTimes {
  let normal = 0;
  let total = 0;
  for (const { times } of cpus()) {
    normal += times.user + times.sys + times.irq;
    total += times.user + times.sys + times.irq + times.nice + times.idle;
  }
  return { normal, total };
}
