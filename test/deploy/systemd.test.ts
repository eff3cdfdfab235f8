import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig, VARIABLES } from "../../src/config/config.ts";
import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { filesIn, read } from "../support/pages.ts";

const units = filesIn("deploy/systemd", ".service").sort();
const services = units.filter((file) => !file.includes("migrate"));

const valuesOf = (file: string, key: string): string[] =>
  [...read(file).matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);

const environmentOf = (file: string): Record<string, string> =>
  Object.fromEntries(
    valuesOf(file, "Environment")
      .flatMap((line) => line.split(" "))
      .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );

/** The units in a folder, with the program that runs this test. */
async function installed(): Promise<{ folder: string; paths: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "units-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const paths: string[] = [];
  for (const file of units) {
    const path = join(folder, basename(file));
    await writeFile(path, read(file).replace("/usr/bin/node", process.execPath));
    paths.push(path);
  }
  return { folder, paths };
}

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

const NOT_INSTALLED = "systemd-analyze is not installed";

describe("the units of systemd", () => {
  it("set variables that are read, and settings that are valid", () => {
    for (const file of services) {
      const environment = environmentOf(file);
      expect(Object.keys(environment).filter((name) => !VARIABLES.includes(name))).toEqual([]);
      const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };
      expect(readConfig({ ...needed, ...environment }).listens).toBe(true);
      expect(valuesOf(file, "ExecStart")).toEqual(["/usr/bin/node dist/cli.js start"]);
    }
  });

  it("have a port each, every role, and a worker for each queue", () => {
    const environments = services.map(environmentOf);
    expect(new Set(environments.map((one) => one["PORT"])).size).toBe(services.length);
    expect(new Set(environments.flatMap((one) => one["ROLES"]?.split(",")))).toEqual(
      new Set(["api", "scheduler", "worker"]),
    );
    const served = environments.flatMap((one) => one["WORKER_QUEUES"]?.split(",") ?? []);
    expect(served.sort()).toEqual([...QUEUE_NAMES].sort());
  });

  it("read no secret but their own: the owner's address is given to the migration alone", () => {
    expect(units.map((file) => [basename(file), valuesOf(file, "EnvironmentFile")])).toEqual([
      ["commonwork-api.service", ["/etc/commonwork.env"]],
      ["commonwork-migrate.service", ["/etc/commonwork-owner.env"]],
      ["commonwork-worker-commissions.service", ["/etc/commonwork.env"]],
      ["commonwork-worker.service", ["/etc/commonwork.env"]],
    ]);
  });

  it("are accepted by systemd-analyze verify", async ({ skip }) => {
    if (!hasSystemd) return skip(NOT_INSTALLED);
    const { paths } = await installed();
    const { stdout, stderr, status } = spawnSync(
      "systemd-analyze",
      ["verify", "--recursive-errors=no", ...paths],
      {
        encoding: "utf8",
      },
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });

  it("expose little, as systemd-analyze security measures it", async ({ skip }) => {
    if (!hasSystemd) return skip(NOT_INSTALLED);
    const { paths } = await installed();
    // In tenths of its scale of 10. An ordinary unit has 92.
    const { stdout, status } = spawnSync(
      "systemd-analyze",
      ["security", "--no-pager", "--offline=true", "--threshold=20", ...paths],
      { encoding: "utf8" },
    );
    expect(status, stdout).toBe(0);
  });
});
