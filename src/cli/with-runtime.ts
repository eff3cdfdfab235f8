import { type Config, readConfig, readConfigWithoutRedis } from "../config/config.ts";
import { COMMAND_CONNECTS_WITHIN_MS } from "../db/client.ts";
import { becomesTrue } from "../deadlines.ts";
import { createLog, type Log } from "../log.ts";
import type { Runtime } from "../roles/runtime.ts";
import type { Terminal } from "./terminal.ts";

type Needs = {
  /** Whether REDIS_URL has to be set. */
  readonly redis: boolean;
};

/**
 * Runs `work` with everything that a service process opens, but without starting a role. All of that is
 * imported here, so that no command loads it to print its help.
 */
export async function withRuntime<T>(
  terminal: Terminal,
  { redis }: Needs,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  const config = (redis ? readConfig : readConfigWithoutRedis)(terminal.environment);
  const [{ openRuntime }, { timetable }, { catalogue }] = await Promise.all([
    import("../roles/open-runtime.ts"),
    import("../schedules/timetable.ts"),
    import("../workers/index.ts"),
  ]);
  const runtime = openRuntime({
    config,
    log: quietLog(config),
    // Commands that need a server report themselves that it does not answer.
    connectionLog: createLog({ ...config.log, level: "silent" }),
    connectWithinMs: COMMAND_CONNECTS_WITHIN_MS,
    catalogue,
    timetable,
  });
  try {
    // Without Postgres the command fails with a message of its own.
    await runtime.serverClock?.measure().catch(() => undefined);
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

/** Warnings and errors only, as text on a terminal. */
function quietLog(config: Config): Log {
  const level = config.log.level === "info" ? "warn" : config.log.level;
  return createLog({ level, format: process.stderr.isTTY ? "text" : config.log.format });
}

const REDIS_LIMIT_MS = 3_000;

/** Whether Redis answers within three seconds. */
export const redisAnswers = ({ producers }: Pick<Runtime, "producers">): Promise<boolean> =>
  becomesTrue(REDIS_LIMIT_MS, producers.ready);
