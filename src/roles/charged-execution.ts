import type { RunCarrierDeps } from "../queues/attempt.ts";
import type { Job } from "../queues/job.ts";
import type { LoopUser, LoopWatch } from "./loop-watch.ts";

type Charged = Pick<RunCarrierDeps, "transact" | "ports" | "compute">;

/**
 * How one carrier runs its job, with the time for which its code holds the event loop charged to the job:
 * from each answer of Postgres on, and for a job that works outside of transactions from each answer of a
 * port or of a thread on. The work of a port until it answers is charged to no job.
 */
export function chargedExecution(
  loop: LoopWatch,
  user: LoopUser,
  job: Job | undefined,
  execution: RunCarrierDeps,
): Charged {
  const runs = loop.watch(user);
  const isOutside = job?.form === "outside" || (job?.form === "ranged" && job.compute !== undefined);
  const transact: Charged["transact"] = (work, signal) =>
    execution.transact(async (tx) => {
      runs();
      const end = tx.onAnswer(runs);
      try {
        return await work(tx);
      } finally {
        end();
      }
    }, signal);
  if (!isOutside) return { transact, ports: execution.ports, compute: execution.compute };
  return {
    transact: (work, signal) => transact(work, signal).finally(runs),
    ports: eachAnswering(execution.ports, runs),
    compute: eachAnswering(execution.compute, runs),
  };
}

function eachAnswering<T extends object>(parts: T, runs: () => void): T {
  const wrapped = Object.entries(parts).map(([name, part]) => [name, part && answering(part, runs)]);
  return Object.fromEntries(wrapped) as T;
}

/** The same object, which calls `runs` when a promise that one of its functions returned has settled. */
const answering = <T extends object>(target: T, runs: () => void): T =>
  new Proxy(target, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(value, of, given);
        return result instanceof Promise ? result.finally(runs) : result;
      };
    },
  });
