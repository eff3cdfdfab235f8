import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LOCK_POLICY } from "../../src/queues/queues.ts";
import { sweep } from "../../src/queues/sweep.ts";
import { eventually } from "../support/eventually.ts";
import { ask, batchJob, items, noted } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

const PROGRAM = fileURLToPath(new URL("../support/programs/killing-worker.ts", import.meta.url));

/** Workers in processes of their own: one is started whenever the last one has been killed. */
function keepWorkersRunning(world: World) {
  let child: ChildProcess | undefined;
  let stopped = false;
  const deaths: string[] = [];
  const run = async () => {
    while (!stopped) {
      child = spawn(process.execPath, ["--import", "tsx", PROGRAM], {
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: world.config.databaseUrl,
          DB_SCHEMA: world.config.databaseSchema,
          REDIS_URL: world.config.redisUrl,
          REDIS_PREFIX: world.config.redisPrefix,
        },
        stdio: ["ignore", "ignore", "inherit"],
      });
      const [code, signal] = await once(child, "exit");
      deaths.push(signal ?? `code ${code}`);
    }
  };
  const running = run();
  world.closing(async () => {
    stopped = true;
    child?.kill("SIGKILL");
    await running;
  });
  return deaths;
}

describe("a job that kills its worker each time", () => {
  it("ends as a dead letter, and its group-mates are done by other workers", async () => {
    // Of the job only its name and size matter here: this process runs none.
    const world = await createWorld({ jobs: [batchJob()] });
    await ask(world, batchJob(), ...items(4), { item: "poison" });
    world.relay.start();
    const deaths = keepWorkersRunning(world);
    await eventually(
      async () => {
        await sweep(world, 1_000);
        await world.query("update outbox set run_at = now() where dead_at is null and carrier is null");
        expect(await world.enqueued()).toMatchObject([
          { key: "poison", dead: true, error: "its worker was lost while it ran" },
        ]);
      },
      { withinMs: 240_000 },
    );
    expect(await noted(world)).toEqual(items(4).map(({ item }) => item));
    expect(new Set(deaths)).toEqual(new Set(["SIGKILL"]));
    expect(deaths.length).toBeGreaterThanOrEqual(2);
  });
});

describe("a worker that is killed while it works", () => {
  it("has its job run again by another, with the lock times of production", async () => {
    const world = await createWorld({ jobs: [batchJob()] });
    await ask(world, batchJob(), { item: "poison" });
    world.relay.start();
    const child = spawn(process.execPath, ["--import", "tsx", PROGRAM], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: world.config.databaseUrl,
        DB_SCHEMA: world.config.databaseSchema,
        REDIS_URL: world.config.redisUrl,
        REDIS_PREFIX: world.config.redisPrefix,
        LOCKS: "production",
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await world.startWorkers({ queues: ["maintenance"], locks: LOCK_POLICY });
    await eventually(async () => expect(await noted(world)).toEqual(["poison"]));
  });
});
