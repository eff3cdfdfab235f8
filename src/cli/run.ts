import type { Command } from "commander";
import { catalogue } from "../workers/index.ts";
import { jsonFlag } from "./flags.ts";
import { addPayloadFlags } from "./job-flags.ts";
import type { RunOptions } from "./run-job.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork run <job>`: a subcommand per job, with flags from its payload schema. */
export function defineRun(command: Command, terminal: Terminal): void {
  for (const job of catalogue.jobs) {
    const jobCommand = command
      .command(job.name)
      .aliases([...(job.formerly ?? [])])
      .description(job.description);
    addPayloadFlags(jobCommand, job);
    jobCommand.option(
      "--dry-run",
      "run the job's code in a transaction that is rolled back, and show the result",
    );
    jobCommand.option("--inline", "run in this process, without workers or Redis");
    jobCommand.option("--detach", "enqueue the run and return at once");
    jsonFlag(jobCommand).action(async (options: RunOptions) => {
      const { runJob } = await import("./run-job.ts");
      await runJob(terminal, job, options);
    });
  }
}
