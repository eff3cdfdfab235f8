import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { World } from "./world.ts";

export type CliAnswer = { code: number; out: string; err: string };

/** The variables that lead a command to the servers of a world. */
export const environmentOf = (world: World): Record<string, string> => ({
  DATABASE_URL: world.config.databaseUrl,
  REDIS_URL: world.config.redisUrl,
  REDIS_PREFIX: world.config.redisPrefix,
  LOG_LEVEL: "silent",
});

/** Nobody reads what is said there. */
export const silentTerminal = (): Terminal => ({
  environment: {},
  write: () => undefined,
  complain: () => undefined,
  interactive: false,
  interruption: () => new AbortController().signal,
  exitCode: 0,
});

/** Runs `commonwork` in this program. */
export async function cli(environment: Record<string, string>, ...words: string[]): Promise<CliAnswer> {
  return cliUntil(new AbortController().signal, environment, ...words);
}

/** The same, with a user who asks it to stop when the signal aborts. */
export async function cliUntil(
  interruption: AbortSignal,
  environment: Record<string, string>,
  ...words: string[]
): Promise<CliAnswer> {
  const said = { out: "", err: "" };
  const terminal: Terminal = {
    environment,
    write(text) {
      said.out += text;
    },
    complain(text) {
      said.err += text;
    },
    interactive: false,
    interruption: () => interruption,
    exitCode: 0,
  };
  return { code: await runCli(words, terminal), ...said };
}

const program = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** Starts `commonwork` as a program of its own, with these variables and no others but what Node needs. */
export function startCli(environment: Record<string, string>, ...words: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", program, ...words], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    said.out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said.err += chunk;
  });
  const ended = once(child, "close").then(([code]): CliAnswer => ({ code: code ?? -1, ...said }));
  return { child, said, ended };
}
