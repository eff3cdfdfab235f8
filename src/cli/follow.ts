import cliProgress from "cli-progress";
import type { Run } from "../queues/runs.ts";
import { printLine } from "./print.ts";
import { formatDuration, whatItDid } from "./runs.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a run while it goes on. */
export type RunView = { see(run: Run): void; end(): void };

/** A bar that moves for a person, plain lines for a log file, nothing beside JSON. */
export function viewOfRun(terminal: Terminal, json: boolean): RunView {
  if (json) return { see: () => undefined, end: () => undefined };
  return terminal.interactive ? bar(terminal) : lines(terminal);
}

const settledPart = ({ total, pending }: Run): number | null =>
  total === null || pending === null || total === 0 ? null : (total - pending) / total;

function bar(terminal: Terminal): RunView {
  let moving: cliProgress.SingleBar | null = null;
  let status = "";
  return {
    see(run) {
      if (run.total !== null && run.pending !== null && run.total > 0) {
        if (!moving) {
          moving = new cliProgress.SingleBar({
            format: `${run.job} [{bar}] {percentage}% {value}/{total} ranges`,
            stream: process.stdout,
            hideCursor: true,
          });
          moving.start(run.total, 0);
        }
        // A run may go on with further ranges.
        moving.setTotal(run.total);
        moving.update(run.total - run.pending);
      } else if (run.status !== status && run.finishedAt === null) {
        printLine(terminal, `run ${run.id} of ${run.job} is ${run.status}`);
      }
      status = run.status;
    },
    end: () => moving?.stop(),
  };
}

const STEPS = 10;

function lines(terminal: Terminal): RunView {
  let said = "";
  return {
    see(run) {
      if (run.finishedAt !== null) return;
      const part = settledPart(run);
      const tenth = part === null ? null : Math.floor(part * STEPS);
      const progress = tenth === null ? "" : `, ${tenth * (100 / STEPS)} % settled`;
      const line = `run ${run.id} of ${run.job} is ${run.status}${progress}`;
      if (line !== said) printLine(terminal, line);
      said = line;
    },
    end: () => undefined,
  };
}

/** How a run ended, in one line. */
export function endOfRun(run: Run): string {
  const took = formatDuration(run);
  const what = whatItDid(run);
  return `run ${run.id} of ${run.job} is ${run.status}${took === null ? "" : ` after ${took}`}${what === null ? "" : `: ${what}`}`;
}
