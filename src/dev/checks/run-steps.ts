import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program that passes or fails. Variables are added to those of this process. */
export type CheckStep = {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment?: Readonly<Record<string, string>>;
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
  for (const { name, command, environment } of steps) {
    write(`\n=== ${name}\n`);
    const startedAt = performance.now();
    const failure = await failureOf(command, environment);
    if (failure !== null) exitCode = 1;
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    lines.push(
      `${failure === null ? "passed" : "FAILED"}  ${minutes.padStart(6)} min  ${name}${failure ? ` (${failure})` : ""}\n`,
    );
  }
  write(`\n=== Summary\n${lines.join("")}`);
  return exitCode;
}

async function failureOf(
  command: CheckStep["command"],
  environment: CheckStep["environment"],
): Promise<string | null> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  try {
    const [code, signal] = await once(child, "exit");
    return code === 0 ? null : (signal ?? `exit code ${code}`);
  } catch (error) {
    return (error as Error).message;
  }
}
