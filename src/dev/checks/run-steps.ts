import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withBusyProcessors } from "./busy-processors.ts";

type Command = readonly [program: string, ...args: string[]];

/** A program that passes or fails. Variables are added to those of this process. */
export type CheckStep = {
  /** How it is named on the command line. */
  readonly id: string;
  readonly name: string;
  /** Programs that must be installed: without one of them the step is skipped. */
  readonly needs?: { readonly programs: readonly string[]; readonly install: string };
  /** Must pass first: installs what the step needs. */
  readonly prepare?: Command;
  readonly command: Command;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether other processes keep every processor busy while it runs. */
  readonly isBusy?: boolean;
};

/**
 * Runs the steps one after the other, with their output on this terminal, and prints a summary. A step that
 * fails does not keep the others from running.
 *
 * @returns the exit code: 1 if any step failed.
 */
export async function runSteps(steps: readonly CheckStep[], write: (text: string) => void): Promise<number> {
  const lines: string[] = [];
  let exitCode = 0;
  for (const { id, name, needs, prepare, command, environment, isBusy } of steps) {
    write(`\n=== ${id}: ${name}\n`);
    const missing = needs?.programs.find((program) => !isInstalled(program));
    if (needs && missing !== undefined) {
      lines.push(`skipped             ${id}: ${name} (${missing} is not installed: ${needs.install})\n`);
      continue;
    }
    const startedAt = performance.now();
    const run = () => failureOf(command, environment);
    const failure =
      (prepare && (await failureOf(prepare, {}))) ?? (await (isBusy ? withBusyProcessors(run) : run()));
    if (failure !== null) exitCode = 1;
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    lines.push(
      `${failure === null ? "passed" : "FAILED"}  ${minutes.padStart(6)} min  ${id}: ${name}${failure ? ` (${failure})` : ""}\n`,
    );
  }
  write(`\n=== Summary\n${lines.join("")}`);
  return exitCode;
}

const isInstalled = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/** @throws Error that lists the steps when one is unknown. */
export function chooseSteps(steps: readonly CheckStep[], ids: readonly string[]): readonly CheckStep[] {
  const unknown = ids.filter((id) => !steps.some((step) => step.id === id));
  if (unknown.length > 0) {
    const width = Math.max(...steps.map(({ id }) => id.length)) + 2;
    const known = steps.map(({ id, name }) => `  ${id.padEnd(width)}${name}\n`);
    throw new Error(`There is no step ${unknown.join(", ")}. The steps are:\n${known.join("")}`);
  }
  return ids.length === 0 ? steps : steps.filter(({ id }) => ids.includes(id));
}

async function failureOf(command: Command, environment: CheckStep["environment"]): Promise<string | null> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  try {
    const [code, signal] = await once(child, "exit");
    return code === 0 ? null : (signal ?? `exit code ${code}`);
  } catch (error) {
    return (error as Error).message;
  }
}
