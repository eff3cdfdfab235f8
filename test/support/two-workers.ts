import { type ServiceProcess, startServiceProcess } from "./service-process.ts";
import type { World } from "./world.ts";

export type TwoWorkers = {
  /** SIGKILL for the one that has run longer; another one takes its place. */
  killOne(): Promise<void>;
};

/** Two processes that work for a world and keep its schedules, until its test ends. */
export async function startTwoWorkers(
  world: World,
  environment: Record<string, string> = {},
): Promise<TwoWorkers> {
  const start = () =>
    startServiceProcess({
      DATABASE_URL: world.config.databaseUrl,
      DB_SCHEMA: world.config.databaseSchema,
      REDIS_URL: world.config.redisUrl,
      REDIS_PREFIX: world.config.redisPrefix,
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
