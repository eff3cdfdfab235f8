import type { Log } from "../log.ts";

/** One stage of an ordered end: it is awaited, but never longer than its limit. */
export type Stage = { readonly name: string; readonly limitMs: number; stop(): Promise<unknown> };

/** Runs the stages in order. A stage that fails or takes too long is said, and the next one begins. */
export async function shutDown(stages: readonly Stage[], log: Log): Promise<boolean> {
  let clean = true;
  for (const stage of stages) {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), stage.limitMs);
    });
    const end = await Promise.race([
      stage.stop().then(
        () => "ended" as const,
        (error: unknown) => error,
      ),
      limit,
    ]);
    clearTimeout(timer);
    if (end === "ended") continue;
    clean = false;
    log.warn(
      { stage: stage.name, ...(end === "late" ? { limitMs: stage.limitMs } : { err: end }) },
      "shutdown stage did not end cleanly",
    );
  }
  return clean;
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the program at once. */
export function untilSignal(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let told = false;
    const hear = (signal: NodeJS.Signals) => {
      if (told) {
        log.warn({ signal }, "second signal: ending at once");
        process.exit(130);
      }
      told = true;
      resolve(signal);
    };
    process.on("SIGINT", hear);
    process.on("SIGTERM", hear);
  });
}
