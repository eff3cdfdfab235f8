import { type Clock, systemClock } from "../../src/clock.ts";
import type { QueueName } from "../../src/config/queues.ts";
import { createLog } from "../../src/log.ts";
import type { Catalogue } from "../../src/queues/catalogue.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import { startWorkers } from "../../src/roles/worker.ts";
import { catalogue as everyJob } from "../../src/workers/index.ts";
import type { BenchContext, Figure } from "./bench.ts";
import { benchConfig, type Scratch } from "./database.ts";
import { sayLoopDelays, watchingLoop } from "./loop-delays.ts";
import { watchMemory } from "./memory.ts";

type Options = {
  readonly queue: QueueName;
  readonly clock?: Clock;
  readonly catalogue?: Catalogue;
  readonly environment?: Record<string, string>;
};

/**
 * Runs `work` beside a relay and the workers of a queue, all in this process.
 *
 * @returns its figures, the memory of the process, and how long the event loop was held.
 */
export async function besideWorkers(
  context: BenchContext,
  scratch: Scratch,
  { queue, clock = systemClock, catalogue = everyJob, environment = {} }: Options,
  work: (runtime: Runtime) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const config = benchConfig(scratch.url, context.redisUrl, environment);
  const runtime = openRuntime({ config, clock, log: createLog(config.log), catalogue, timetable: [] });
  runtime.relay.start();
  const workers = startWorkers(runtime, { queues: [queue] });
  await workers.ready();
  const memory = watchMemory();
  try {
    const figures = await watchingLoop(async () => [
      ...(await work(runtime)),
      { figure: "memory of the process at most", unit: "MB", value: memory.mostMb() },
    ]);
    await sayLoopDelays(context, runtime);
    return figures;
  } finally {
    memory.stop();
    await workers.stop(5_000);
    await runtime.close();
  }
}
