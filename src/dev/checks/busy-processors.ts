import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

/** Spins until it is killed or its parent, whose id it is given, has exited. */
const SPIN = "while (process.ppid === Number(process.argv[1]));";

/**
 * Runs something while every processor is kept busy, by one spinning process each. They are killed as soon as
 * it succeeds or fails, and exit by themselves if this process is killed.
 *
 * @param run is given the ids of these processes.
 */
export async function withBusyProcessors<T>(run: (pids: readonly number[]) => Promise<T>): Promise<T> {
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ["-e", SPIN, String(process.pid)], { stdio: "ignore" }),
  );
  const exits = Promise.allSettled(spinners.map((spinner) => once(spinner, "exit")));
  try {
    await Promise.all(spinners.map((spinner) => once(spinner, "spawn")));
    return await run(spinners.flatMap(({ pid }) => pid ?? []));
  } finally {
    for (const spinner of spinners) spinner.kill("SIGKILL");
    await exits;
  }
}
