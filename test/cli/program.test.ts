import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { Metafile } from "esbuild";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { catalogue } from "../../src/workers/index.ts";
import { METAFILE } from "../support/build-programs.ts";
import { cli, environmentOf, startCli, startProgram } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld } from "../support/world.ts";

const NOWHERE = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", REDIS_URL: "redis://127.0.0.1:1" };

const PRINT_MODULES = fileURLToPath(new URL("../support/programs/print-modules.mjs", import.meta.url));
const PRINTING = { NODE_OPTIONS: `--import=${PRINT_MODULES}` };

/** The packages, and the folders of src, that are loaded by `commonwork` with these arguments. */
const loadedBy = (...argv: string[]): Promise<Loaded> => loaded(startCli(PRINTING, ...argv));

/** The same for all commands but one, loaded as for their help. */
const loadedByAllBut = (name: string): Promise<Loaded> =>
  loaded(startProgram("load-commands", PRINTING, name));

type Loaded = { code: number; packages: string[]; folders: string[] };

async function loaded(program: ReturnType<typeof startCli>): Promise<Loaded> {
  const { code, err } = await program.ended;
  const urls = [...err.matchAll(/^loaded (file:.*)$/gm)].map(([, url = ""]) => url);
  const { outputs } = JSON.parse(readFileSync(`${inject("programs")}/${METAFILE}`, "utf8")) as Metafile;
  const modules = Object.entries(outputs).flatMap(([file, { inputs }]) =>
    urls.some((url) => url.endsWith(`/${file}`)) ? Object.keys(inputs) : [],
  );
  const named = (texts: readonly string[], pattern: RegExp) =>
    [...new Set(texts.flatMap((text) => pattern.exec(text)?.[1] ?? []))].sort();
  return {
    code,
    packages: named([...urls, ...modules], /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^./][^/]*)\//),
    folders: named(modules, /^src\/([^/]+)\//),
  };
}

describe("what commonwork loads", () => {
  it.each([["--version"], ["--help"], ["help"], ["no-such-command"]])(
    "is commander and the list of commands for %s",
    async (argument) => {
      const { packages, folders } = await loadedBy(argument);
      expect({ packages, folders }).toEqual({ packages: ["commander"], folders: ["cli"] });
    },
  );

  it("is no queue, no web framework and no job for a command that reads Postgres", async () => {
    for (const argv of [
      ["dead", "--help"],
      ["help", "statement"],
      ["migrate", "--help"],
    ]) {
      const { code, packages, folders } = await loadedBy(...argv);
      expect(code).toBe(0);
      expect(packages).toContain("pg");
      expect(packages).not.toEqual(expect.arrayContaining([expect.stringMatching(/bullmq|ioredis|express/)]));
      expect(folders).not.toEqual(expect.arrayContaining([expect.stringMatching(/workers|roles|http/)]));
    }
  });

  it("is no client of Redis, no role and no web framework for the help of any command but `run`", async () => {
    const { code, packages, folders } = await loadedByAllBut("run");
    expect(code).toBe(0);
    expect(folders).toContain("explain");
    expect(packages).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/bullmq|ioredis|express|nodemailer/)]),
    );
    expect(folders).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(roles|http|threads|dev)$/)]),
    );
  });

  it("is the catalogue, without the servers' clients, for the options of a job", async () => {
    const { code, packages, folders } = await loadedBy("run", "verify-ledger", "--help");
    expect(code).toBe(0);
    expect(folders).toContain("workers");
    expect(packages).not.toEqual(expect.arrayContaining([expect.stringMatching(/bullmq|ioredis|express/)]));
  });
});

describe("commonwork", () => {
  it("prints the help of a command for `help <command>` too", async () => {
    const { code, out } = await cli({}, "help", "dead");
    expect(code).toBe(0);
    expect(out).toBe((await cli({}, "dead", "--help")).out);
    expect(out).toContain("retry [options]");
  });

  it("exits with 1 and one message that lists every configuration error, without a stack", async () => {
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

  it("does not start on a database that is not migrated", async () => {
    const world = await createWorld();
    await world.query("delete from migrations");
    const answer = await startCli(environmentOf(world), "start").ended;
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining("Run `commonwork migrate` first") });
    expect(answer.err).not.toMatch(/^\s+at /m);
  });

  it("starts with Postgres and Redis alone, and stops on SIGTERM with code 0", async () => {
    const world = await createWorld();
    const { child, output, ended } = startCli({ ...environmentOf(world), LOG_LEVEL: "INFO" }, "start");
    const started = await eventually(() => JSON.parse(/^.*"started".*$/m.exec(output.err)?.[0] ?? ""));
    const ready = await fetch(`http://127.0.0.1:${started.port}/health/ready`);
    expect(ready.status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("finds a port in use before it opens anything", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const answer = await startCli({ ...NOWHERE, PORT: String(port), HOST: "127.0.0.1" }, "start").ended;
    // Postgres, which does not answer, was not asked.
    expect(answer).toMatchObject({ code: 1, err: `Port ${port} is in use. Set PORT to another one.\n` });
  });

  it.each([
    ["run", "verify-ledger", "--inline"],
    ["run", "verify-ledger", "--dry-run"],
    ["ledger:verify"],
    ["holds", "list"],
    ["holds", "release", "1", "--reason=none", "--yes"],
  ])("asks for no REDIS_URL in %s %s %s", async (...words) => {
    const { REDIS_URL: _, ...environment } = environmentOf(await createWorld());
    const { err } = await cli(environment, ...words);
    expect(err).toBe("");
  });

  it("asks for REDIS_URL where workers run the job", async () => {
    const { REDIS_URL: _, ...environment } = environmentOf(await createWorld());
    expect(await cli(environment, "run", "verify-ledger")).toMatchObject({
      code: 1,
      err: expect.stringContaining("REDIS_URL is not set"),
    });
  });

  it("reports in one line that Postgres does not answer", async () => {
    const answer = await cli(NOWHERE, "runs");
    expect(answer).toEqual({
      code: 1,
      out: "",
      err: expect.stringMatching(
        /^Postgres does not answer at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. Check DATABASE_URL\.\n$/,
      ),
    });
  });

  it("suggests the nearest command and the nearest option", async () => {
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
    const answer = await cli(
      { DATABASE_URL: world.config.databaseUrl, DB_SCHEMA: world.config.databaseSchema },
      "migrate",
    );
    expect(answer).toEqual({ code: 0, out: "The schema is up to date.\n", err: "" });
  });
});
