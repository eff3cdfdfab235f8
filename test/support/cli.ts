import { spawn } from "node:child_process";
import { once } from "node:events";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { type Program, programFile } from "./program-file.ts";
import { serversOf, type World } from "./world.ts";

export type CliResult = { code: number; out: string; err: string };

/**
 * The variables that point a command to the servers of a world. A service that it starts listens on a port of
 * its own: another test, or another program of the machine, may have the default one.
 */
export const environmentOf = (world: World): Record<string, string> => ({
  ...serversOf(world),
  HOST: "127.0.0.1",
  PORT: "0",
  LOG_LEVEL: "silent",
});

/** Runs `commonwork` in this process. */
export const cli = (environment: Record<string, string>, ...argv: string[]): Promise<CliResult> =>
  runHere(null, environment, argv);

/** The same, interrupted by its user once an error message contains the text. */
export const cliUntil = (
  text: string,
  environment: Record<string, string>,
  ...argv: string[]
): Promise<CliResult> => runHere(text, environment, argv);

async function runHere(
  until: string | null,
  environment: Record<string, string>,
  argv: readonly string[],
): Promise<CliResult> {
  const output = { out: "", err: "" };
  const user = new AbortController();
  const terminal: Terminal = {
    environment,
    write(text) {
      output.out += text;
    },
    writeError(text) {
      output.err += text;
      if (until !== null && output.err.includes(until)) user.abort();
    },
    interactive: false,
    interrupted: () => user.signal,
    exitCode: 0,
  };
  return { code: await runCli(argv, terminal), ...output };
}

/** Starts `commonwork` as a process of its own, with these variables and what Node needs. */
export const startCli = (environment: Record<string, string>, ...argv: string[]) =>
  startProgram("cli", environment, ...argv);

/** The same for one of the programs that were built at the start of the run. */
export function startProgram(name: Program, environment: Record<string, string>, ...argv: string[]) {
  const child = spawn(process.execPath, [programFile(name), ...argv], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    output.out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output.err += chunk;
  });
  const ended = once(child, "close").then(([code]): CliResult => ({ code: code ?? -1, ...output }));
  return { child, output, ended };
}
