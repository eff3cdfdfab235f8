import { stat } from "node:fs/promises";
import cliProgress from "cli-progress";
import { CliError, type Terminal } from "./terminal.ts";

/** How far a file has been read, as a bar on a terminal. */
export type FileProgress = { update(bytes: number): void; stop(): void };

/** @throws CliError when there is no such file. */
export async function fileProgress(terminal: Terminal, path: string, silent: boolean): Promise<FileProgress> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new CliError(`There is no file ${path}.`);
  if (silent || !terminal.interactive) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${path} [{bar}] {percentage}% {eta_formatted}`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(found.size, 0);
  return { update: (bytes) => bar.update(bytes), stop: () => bar.stop() };
}
