import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { enqueue } from "../../src/queues/enqueue.ts";
import { checkServers } from "../../src/roles/boot-checks.ts";
import { eventually } from "../support/eventually.ts";
import { noted, singleJob } from "../support/jobs.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";
import { createWorld } from "../support/world.ts";

describe("PgBouncer", () => {
  it("in session mode serves everything, though it refuses the startup parameter `options`", async ({
    skip,
  }) => {
    const bouncer = await startPgBouncer(inject("databaseUrl"), "session");
    if (typeof bouncer === "string") return skip(bouncer);
    const job = singleJob();
    const world = await createWorld({ jobs: [job], databaseUrl: bouncer.through });
    const client = new pg.Client({
      connectionString: world.config.databaseUrl,
      options: "-c search_path=commonwork",
    });
    client.on("error", () => undefined);
    await expect(client.connect()).rejects.toThrow("unsupported startup parameter");

    await checkServers(world);
    await world.startWorkers();
    await world.relay.transact((tx) => enqueue(tx, job, { item: "through the pooler" }));
    await eventually(async () => expect(await noted(world)).toEqual(["through the pooler"]));
  });

  it("in transaction mode is refused at the start, in a sentence that names DATABASE_URL", async ({
    skip,
  }) => {
    const bouncer = await startPgBouncer(inject("databaseUrl"), "transaction");
    if (typeof bouncer === "string") return skip(bouncer);
    const world = await createWorld({ databaseUrl: bouncer.through });
    await expect(checkServers(world)).rejects.toThrow(/DATABASE_URL leads to a pooler in transaction mode/);
  });
});
