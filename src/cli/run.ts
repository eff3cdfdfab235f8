import type { Command } from "commander";
import { catalogue } from "../workers/index.ts";
import {
  WORKFLOW_NAMES,
  WORKFLOWS,
  type Workflow,
  type WorkflowName,
} from "../workers/maintenance/workflows.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { addPayloadFlags } from "./job-flags.ts";
import { USER_ID_FORMS } from "./references.ts";
import type { RunOptions } from "./run-job.ts";
import type { WorkflowFlags } from "./run-workflow.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `commonwork run <job>`: a subcommand per job, with flags from its payload schema; and one per workflow,
 * which runs several jobs.
 */
export function defineRun(command: Command, terminal: Terminal): void {
  for (const job of catalogue.jobs) {
    const jobCommand = command
      .command(job.name)
      .aliases([...(job.formerly ?? [])])
      .description(job.description);
    addPayloadFlags(jobCommand, job);
    modeFlags(jobCommand).action(async (options: RunOptions) => {
      const { runJob } = await import("./run-job.ts");
      await runJob(terminal, job, options);
    });
  }
  for (const name of WORKFLOW_NAMES) defineWorkflow(command, terminal, name);
}

function defineWorkflow(command: Command, terminal: Terminal, name: WorkflowName): void {
  const { description, ofUser, fullSteps }: Workflow = WORKFLOWS[name];
  const workflow = command.command(name).description(description);
  if (ofUser) mandatoryFlag(workflow, "--user-id <text>", `the user; ${USER_ID_FORMS}`);
  if (fullSteps) workflow.option("--full", `also ${fullSteps.map((job) => job.name).join(", ")}`);
  modeFlags(workflow).action(async (flags: WorkflowFlags) => {
    const { runWorkflowCommand } = await import("./run-workflow.ts");
    await runWorkflowCommand(terminal, name, flags);
  });
}

const modeFlags = (command: Command): Command =>
  jsonFlag(
    command
      .option("--dry-run", "run the job's code in a transaction that is rolled back, and show the result")
      .option("--inline", "run in this process, without workers or Redis")
      .option("--detach", "enqueue the run and return at once"),
  );
