import { processorTimeOf } from "../processor-time.ts";

/** The limits of a call. */
export type CallLimits = {
  /** Processor time of its thread, in ms. Where the system does not report it, all of its time counts. */
  readonly processorMs: number;
  /** From its start to its end, in ms, waiting included. */
  readonly totalMs: number;
};

/** A call was ended together with its thread. */
export class LimitBroken extends Error {
  override readonly name = "LimitBroken";
  readonly limit: "processor-time" | "time" | "memory";
  constructor(limit: LimitBroken["limit"]) {
    super(`the call broke its limit of ${limit}`);
    this.limit = limit;
  }
}

const LOOK_EVERY_MS = 100;

/** Watches the limits of a call from its start. `broken` is called once. */
export function watchLimits(
  { processorMs, totalMs }: CallLimits,
  broken: (error: LimitBroken) => void,
): { start(thread: string | null): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearInterval(timer);
  const fail = (limit: LimitBroken["limit"]): void => {
    stop();
    broken(new LimitBroken(limit));
  };
  return {
    stop,
    start(thread) {
      const startedMs = performance.now();
      const usedBefore = processorTimeOf(thread);
      timer = setInterval(() => {
        const elapsedMs = performance.now() - startedMs;
        const used = processorTimeOf(thread);
        const usedMs = used === null || usedBefore === null ? elapsedMs : used - usedBefore;
        if (usedMs > processorMs) fail("processor-time");
        else if (elapsedMs > totalMs) fail("time");
      }, LOOK_EVERY_MS);
    },
  };
}
