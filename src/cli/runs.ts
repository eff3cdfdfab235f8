import type { Command } from "commander";
import { listRuns, loadRun, type Run } from "../queues/runs.ts";
import { jsonFlag } from "./flags.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatCounts, formatFacts, formatInstant } from "./table.ts";
import { Refusal, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-runtime.ts";

type Options = { job?: string; limit: number; json?: true };

/** `commonwork runs [id]`: the latest runs, or one of them in full. */
export function addRuns(program: Command, terminal: Terminal): void {
  const command = program
    .command("runs")
    .argument("[id]", "show this run alone, with its input")
    .description("list the latest runs, newest first");
  command.option("--job <name>", "only runs of this job");
  command.option("--limit <number>", "how many", wholeNumber("--limit", 1, 1_000), 20);
  jsonFlag(command).action(async (id: string | undefined, options: Options) => {
    if (id !== undefined) return showRun(terminal, id, options);
    const runs = await withDatabase(terminal, (db) =>
      listRuns(db.drizzle, options.job ?? null, options.limit),
    );
    if (options.json) return printJson(terminal, runs);
    printTable(
      terminal,
      [
        { title: "Run", align: "right" },
        ...["Job", "Trigger", "Slot", "Status", "Began", "Took", "Progress", "What it did"].map((title) => ({
          title,
        })),
      ],
      runs.map((run) => [
        run.id,
        run.job,
        run.schedule ?? run.trigger,
        formatInstant(run.slot),
        run.status,
        formatInstant(run.startedAt),
        formatDuration(run),
        formatProgress(run),
        whatItDid(run),
      ]),
      "There are no runs yet.",
    );
  });
}

async function showRun(terminal: Terminal, id: string, { json }: Options): Promise<void> {
  if (!/^\d{1,18}$/.test(id)) throw new Refusal(`A run is named by its number, not by "${id}".`);
  const run = await withDatabase(terminal, (db) => loadRun(db.drizzle, id));
  if (!run) throw new Refusal(`There is no run ${id}.`);
  if (json) return printJson(terminal, run);
  terminal.write(
    formatFacts({
      run: run.id,
      job: run.job,
      trigger: run.schedule ? `${run.trigger} ${run.schedule}` : run.trigger,
      slot: formatInstant(run.slot),
      input: JSON.stringify(run.input),
      status: run.status,
      asked: formatInstant(run.createdAt),
      began: formatInstant(run.startedAt),
      ended: formatInstant(run.finishedAt),
      progress: formatProgress(run),
    }),
  );
  printLine(terminal, whatItDid(run) ?? "");
}

/** In words: what was counted, why it was skipped, or why it failed. */
export function whatItDid(run: Pick<Run, "counts" | "error">): string | null {
  return run.error ?? (formatCounts(run.counts) || null);
}

/** How long a run took from its first try to its end. */
export function formatDuration(run: Pick<Run, "startedAt" | "finishedAt">): string | null {
  if (!run.startedAt || !run.finishedAt) return null;
  return `${((run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000).toFixed(1)} s`;
}

const formatProgress = (run: Pick<Run, "total" | "pending">): string | null =>
  run.total === null || run.pending === null ? null : `${run.total - run.pending}/${run.total}`;
