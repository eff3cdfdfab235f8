import { setTimeout as delay } from "node:timers/promises";
import cliProgress from "cli-progress";
import type { Database } from "../db/client.ts";
import { listSteps, type Run } from "../queues/runs.ts";
import { printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** The run of a workflow that is followed, and the names of its steps in order. */
type Followed = {
  readonly id: string;
  readonly workflow: string;
  readonly names: readonly string[];
  readonly silent: boolean;
};

const POLL_MS = 200;
const PERCENT = 100;

/** The progress of the steps: 100 for each that has ended. */
export function progressOf(steps: readonly Pick<Run, "finishedAt" | "total" | "pending">[]): number {
  return steps.reduce((sum, { finishedAt, total, pending }) => {
    if (finishedAt !== null) return sum + PERCENT;
    return total === null || pending === null || total === 0
      ? sum
      : sum + Math.floor((PERCENT * (total - pending)) / total);
  }, 0);
}

/** One progress display over all steps of a workflow: a bar on a terminal, a line for each step in a pipe. */
export function followSteps(
  terminal: Terminal,
  db: Database,
  followed: Followed,
): { readonly close: () => Promise<void> } {
  if (followed.silent) return { close: async () => undefined };
  const show = terminal.interactive ? barOf(followed) : linesOf(terminal, followed);
  const closing = new AbortController();
  const poll = async () => {
    while (!closing.signal.aborted) {
      show.update(await listSteps(db.drizzle, followed.id));
      await delay(POLL_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const polling = poll();
  return {
    async close() {
      closing.abort();
      // An error of the display must not hide that of the run.
      await polling.catch(() => undefined);
      show.update(await listSteps(db.drizzle, followed.id));
      show.stop();
    },
  };
}

type Display = { update(steps: readonly Run[]): void; stop(): void };

function barOf({ workflow, names }: Followed): Display {
  const bar = new cliProgress.SingleBar({
    format: `${workflow} [{bar}] {percentage}% {step}`,
    stream: process.stdout,
    hideCursor: true,
  });
  bar.start(names.length * PERCENT, 0, { step: "" });
  return {
    update: (steps) => bar.update(progressOf(steps), { step: steps.at(-1)?.job ?? "" }),
    stop: () => bar.stop(),
  };
}

function linesOf(terminal: Terminal, { names }: Followed): Display {
  let printed = 0;
  return {
    update(steps) {
      for (const [index, { job }] of steps.entries()) {
        if (index < printed) continue;
        printLine(terminal, `step ${index + 1} of ${names.length}: ${job}`);
        printed = index + 1;
      }
    },
    stop: () => undefined,
  };
}
