import cliProgress from "cli-progress";
import type { Run } from "../queues/runs.ts";
import { printLine } from "./print.ts";
import { formatDuration, runResult } from "./runs.ts";
import type { Terminal } from "./terminal.ts";

/** Shows the progress of a run. */
export type RunProgress = { update(run: Run): void; close(): void };

/** A progress bar on a terminal, plain lines in a pipe, nothing with --json. */
export function runProgress(terminal: Terminal, json: boolean): RunProgress {
  if (json) return { update: () => undefined, close: () => undefined };
  return terminal.interactive ? progressBar(terminal) : progressLines(terminal);
}

const settledFraction = ({ total, pending }: Run): number | null =>
  total === null || pending === null || total === 0 ? null : (total - pending) / total;

function progressBar(terminal: Terminal): RunProgress {
  let bar: cliProgress.SingleBar | null = null;
  let status = "";
  return {
    update(run) {
      if (run.total !== null && run.pending !== null && run.total > 0) {
        if (!bar) {
          bar = new cliProgress.SingleBar({
            format: `${run.job} [{bar}] {percentage}% {value}/{total} ranges`,
            stream: process.stdout,
            hideCursor: true,
          });
          bar.start(run.total, 0);
        }
        // A run may add ranges as it goes.
        bar.setTotal(run.total);
        bar.update(run.total - run.pending);
      } else if (run.status !== status && run.finishedAt === null) {
        printLine(terminal, `run ${run.id} of ${run.job} is ${run.status}`);
      }
      status = run.status;
    },
    close: () => bar?.stop(),
  };
}

const STEPS = 10;

function progressLines(terminal: Terminal): RunProgress {
  let printed = "";
  return {
    update(run) {
      if (run.finishedAt !== null) return;
      const fraction = settledFraction(run);
      const tenths = fraction === null ? null : Math.floor(fraction * STEPS);
      const progress = tenths === null ? "" : `, ${tenths * (100 / STEPS)} % settled`;
      const line = `run ${run.id} of ${run.job} is ${run.status}${progress}`;
      if (line !== printed) printLine(terminal, line);
      printed = line;
    },
    close: () => undefined,
  };
}

/** One line about a run: its status, duration and result. */
export function runSummary(run: Run): string {
  const duration = formatDuration(run);
  const result = runResult(run);
  return `run ${run.id} of ${run.job} is ${run.status}${duration === null ? "" : ` after ${duration}`}${result === null ? "" : `: ${result}`}`;
}
