import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/workers/index.ts";
import { cli, environmentOf, startCli } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld } from "../support/world.ts";

const NOWHERE = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", REDIS_URL: "redis://127.0.0.1:1" };

describe("commonwork", () => {
  it("ends with code 1 and one message that lists all errors of the configuration, without a stack", async () => {
    const wrong = { DATABASE_URL: "mysql://x", PORT: "many", ROLES: "api,boss", LOG_LEVEL: "loud" };
    const answer = await startCli(wrong, "start").ended;
    expect(answer.code).toBe(1);
    expect(answer.out).toBe("");
    expect(answer.err.trim().split("\n")).toEqual([
      "The configuration has 5 errors:",
      expect.stringContaining("DATABASE_URL must be a URL"),
      expect.stringContaining("REDIS_URL is not set"),
      expect.stringContaining("PORT must be a whole number"),
      expect.stringContaining("ROLES must be a list of: api, worker, scheduler (not boss)"),
      expect.stringContaining("LOG_LEVEL must be one of"),
      "docs/configuration.md lists all variables.",
    ]);
  });

  it("does not start on a database that was not migrated", async () => {
    const world = await createWorld();
    await world.query("delete from drizzle.__drizzle_migrations");
    const answer = await startCli(environmentOf(world), "start").ended;
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining("Run `commonwork migrate` first") });
    expect(answer.err).not.toMatch(/^\s+at /m);
  });

  it("starts with Postgres and Redis alone, and stops on SIGTERM with code 0", async () => {
    const world = await createWorld();
    const { child, said, ended } = startCli(
      { ...environmentOf(world), PORT: "0", HOST: "127.0.0.1", LOG_LEVEL: "INFO" },
      "start",
    );
    const started = await eventually(() => JSON.parse(/^.*"started".*$/m.exec(said.err)?.[0] ?? ""), {
      withinMs: 60_000,
    });
    const ready = await fetch(`http://127.0.0.1:${started.port}/health/ready`);
    expect(ready.status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("says that Postgres does not answer, in one line", async () => {
    const answer = await cli(NOWHERE, "runs");
    expect(answer).toEqual({
      code: 1,
      out: "",
      err: "Postgres does not answer (ECONNREFUSED). Check DATABASE_URL.\n",
    });
  });

  it("names the nearest command and the nearest option", async () => {
    expect(await cli({}, "ledger:verfy")).toMatchObject({
      code: 1,
      err: expect.stringContaining("Did you mean ledger:verify?"),
    });
    const option = await cli(NOWHERE, "run", "release-commission", "--salId=8");
    expect(option).toMatchObject({ code: 1, err: expect.stringContaining("Did you mean --sale-id?") });
    const job = await cli(NOWHERE, "run", "relase-commission");
    expect(job).toMatchObject({ code: 1, err: expect.stringContaining("Did you mean release-commission?") });
  });

  it("lists the jobs without any server", async () => {
    const json = JSON.parse((await cli({}, "jobs", "--json")).out);
    expect(json.map((job: { name: string }) => job.name)).toEqual(catalogue.jobs.map((job) => job.name));
    expect((await cli({}, "jobs")).out).toContain("*/5 * * * * UTC");
  });

  it("migrates with nothing but the database, any number of times", async () => {
    const world = await createWorld();
    const answer = await cli({ DATABASE_URL: world.config.databaseUrl }, "migrate");
    expect(answer).toEqual({ code: 0, out: "The schema is up to date.\n", err: "" });
  });
});
