import { type Command, InvalidArgumentError } from "commander";
import { inTransaction } from "../db/transaction.ts";
import { formatInstant } from "../format-instant.ts";
import type { Job } from "../queues/job.ts";
import { dueAfterPause, listPauses, pauseJob, resumeJob } from "../queues/job-pauses.ts";
import { requireReason } from "./confirm.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { readonly for?: number; readonly reason?: string };

const UNIT_SECONDS = { m: 60, h: 3_600, d: 86_400 };
const MAX_SECONDS = 7 * 86_400;

function lengthOption(text: string): number {
  const [, n, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const seconds = Number(n) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new InvalidArgumentError("Write 30m, 2h or 3d, up to 7d.");
}

/** `commonwork jobs pause|resume|pauses`. */
export function defineJobPauses(command: Command, terminal: Terminal): void {
  command
    .command("pause")
    .argument("<job>", "the name of the job")
    .description("pause a job for a while: its work is still enqueued, and runs afterwards")
    .option("--for <time>", "how long: 30m, 2h, 3d; up to 7d", lengthOption, 3_600)
    .option("--reason <text>", "why, for the audit log; required")
    .action(async (name: string, options: Options) => {
      const [job, reason] = [await jobNamed(name), requireReason(options)];
      const seconds = options.for ?? 3_600;
      const until = await withDatabase(terminal, async (db) => {
        await inTransaction(db, (tx) => pauseJob(tx, job, seconds, { actor: operator(), reason }));
        return (await listPauses(db.drizzle)).find((pause) => pause.job === job.name)?.until ?? null;
      });
      printLine(terminal, `${job.name} is paused until ${formatInstant(until)}.`);
    });
  command
    .command("resume")
    .argument("<job>", "the name of the job")
    .description("end the pause of a job; its work is due at once")
    .option("--reason <text>", "why, for the audit log; required")
    .action(async (name: string, options: Options) => {
      const [job, reason] = [await jobNamed(name), requireReason(options)];
      const until = await withDatabase(terminal, async (db) => {
        const ended = await inTransaction(db, (tx) => resumeJob(tx, job, { actor: operator(), reason }));
        if (ended !== null) while (await inTransaction(db, (tx) => dueAfterPause(tx, job, ended)));
        return ended;
      });
      printLine(terminal, `${job.name} ${until === null ? "is not paused" : "is resumed"}.`);
    });
  const pauses = command.command("pauses").description("list the jobs that are paused, and until when");
  jsonFlag(pauses).action(async ({ json }: { json?: true }) => {
    const found = await withDatabase(terminal, (db) => listPauses(db.drizzle));
    if (json) return printJson(terminal, found);
    printTable(
      terminal,
      [{ title: "Job" }, { title: "Paused until" }],
      found.map(({ job, until }) => [job, formatInstant(until)]),
      "No job is paused.",
    );
  });
}

async function jobNamed(name: string): Promise<Job> {
  const { catalogue } = await import("../workers/index.ts");
  const job = catalogue.jobs.find((each) => each.name === name);
  if (!job) throw new CliError(`There is no job "${name}". \`commonwork jobs\` lists them.`);
  return job;
}
