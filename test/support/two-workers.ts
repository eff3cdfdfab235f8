import { type ServiceProcess, startServiceProcess } from "./service-process.ts";
import { serversOf, type World } from "./world.ts";

export type TwoWorkers = {
  /** Kills the older process with SIGKILL and starts another one. */
  killOne(): Promise<void>;
};

/** Two service processes (worker and scheduler) for a world, until its test ends. */
export async function startTwoWorkers(
  world: World,
  environment: Record<string, string> = {},
): Promise<TwoWorkers> {
  const start = () =>
    startServiceProcess({
      ...serversOf(world),
      ROLES: "worker,scheduler",
      ...environment,
    });
  const running: ServiceProcess[] = await Promise.all([start(), start()]);
  world.closing(() => Promise.all(running.map((worker) => worker.kill())));
  return {
    async killOne() {
      await running.shift()?.kill();
      running.push(await start());
    },
  };
}
