import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig, VARIABLES } from "../src/config/config.ts";
import { QUEUE_NAMES } from "../src/config/queues.ts";
import { rolesSql } from "../src/db/roles.ts";
import { read, root } from "./support/pages.ts";

/** Variables of the images and of the build. */
const OF_IMAGES = [
  "POSTGRES_DB",
  "POSTGRES_USER",
  "POSTGRES_PASSWORD",
  "POSTGRES_IMAGE",
  "DB_OWNER_PASSWORD",
  "REDIS_IMAGE",
  "REDIS_PASSWORD",
  "REDISCLI_AUTH",
  "NODE_IMAGE",
];

const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };

describe("docker-compose.yml", () => {
  const compose = read("docker-compose.yml");
  const [, servicesText = ""] = compose.split("\nservices:\n");
  const services = new Map(
    [...(servicesText.split("\nnetworks:\n")[0] ?? "").matchAll(/^ {2}([a-z-]+):\n((?: {4}.*\n|\n)+)/gm)].map(
      ([, name = "", text = ""]) => [name, text],
    ),
  );
  const value = (service: string, name: string): string | undefined =>
    new RegExp(`^ +${name}: (.*)$`, "m").exec(services.get(service) ?? "")?.[1];

  it("has a service for each role, workers of two kinds, and the servers they need", () => {
    expect([...services.keys()]).toEqual([
      "postgres",
      "redis",
      "migrate",
      "api",
      "scheduler",
      "worker",
      "worker-commissions",
    ]);
  });

  it("sets and requires only variables that are read", () => {
    const set = [...compose.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm)].map(([, name = ""]) => name);
    const requested = [...compose.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name = ""]) => name);
    const others = [...set, ...requested].filter((name) => !OF_IMAGES.includes(name));
    expect(others.filter((name) => !VARIABLES.includes(name))).toEqual([]);
  });

  it("passes each variable of the program to the services that read it, and secrets to no other", () => {
    // Written differently: the parts of the address of Postgres, and what nobody sets here. Its Redis is one
    // server, without sentinels or a cluster.
    const left = [
      ...["DB_SCHEMA", "DB_RESULTS_SCHEMA", "NODE_ENV", "SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"],
      ...["REDIS_CLUSTER_NODES", "REDIS_SENTINELS", "REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"],
      // For tests and the demo.
      ...["POSTING_BASE_URLS", "FETCH_ALLOW_LOOPBACK"],
    ];
    expect(
      VARIABLES.filter(
        (name) =>
          !left.includes(name) && !compose.includes(`      ${name}:`) && !compose.includes(`  ${name}:`),
      ),
    ).toEqual([]);
    const readers = (name: string) =>
      [...services]
        .filter(([, text]) => new RegExp(`^ +${name}:`, "m").test(text))
        .map(([service]) => service);
    expect(compose).not.toContain("env_file");
    expect(readers("SCICENT_WEBHOOK_SECRET")).toEqual(["api"]);
    expect(readers("ADMIN_PASSWORD")).toEqual(["api"]);
    expect(readers("RESEND_API_KEY")).toEqual(["worker"]);
    expect(readers("SCICENT_API_KEY")).toEqual(["worker-commissions"]);
    expect(readers("POSTGRES_PASSWORD")).toEqual(["postgres"]);
  });

  it("limits memory, processes, networks and privileges of every service", () => {
    for (const [name, text] of services) {
      const whole = text.includes("*commonwork")
        ? `${compose.split("\nx-commonwork:")[1]?.split("\nx-")[0]}${text}`
        : text;
      for (const limit of ["mem_limit:", "pids_limit:", "networks:", "no-new-privileges:true"])
        expect(whole, name).toContain(limit);
    }
    expect(compose).toMatch(/data:\n {4}internal: true/);
  });

  it("runs the service as the app role, with the grants that `migrate --print-roles` prints", () => {
    expect(compose).toMatch(/x-app:[\s\S]*DB_USER: commonwork_app\n/);
    expect(value("migrate", "DB_USER")).toBe("commonwork_owner");
    const address = { databaseUrl: "postgres://db/commonwork", databaseSchema: "commonwork" };
    expect(read("docker/roles.sql")).toBe(rolesSql(address));
  });

  it.each(["api", "scheduler", "worker", "worker-commissions"])(
    "gives %s settings that are valid",
    (name) => {
      const environment = { ROLES: value(name, "ROLES"), WORKER_QUEUES: value(name, "WORKER_QUEUES") };
      const config = readConfig({ ...needed, ...environment, PORT: "3000" });
      expect(config.roles).toEqual([name.split("-")[0]]);
      // Its health check asks it over HTTP.
      expect(config.listens).toBe(true);
    },
  );

  it("leaves no queue without a worker", () => {
    const served = ["worker", "worker-commissions"].flatMap((name) =>
      value(name, "WORKER_QUEUES")?.split(","),
    );
    expect(served.sort()).toEqual([...QUEUE_NAMES].sort());
  });

  it("publishes no port but that of the api", () => {
    const publishing = [...services].filter(([, text]) => text.includes("ports:")).map(([name]) => name);
    expect(publishing).toEqual(["api"]);
  });
});

describe("the command that pins the images", () => {
  const block = /```sh\n(sed -i [\s\S]*?)```/.exec(read("docs/deploy.md"))?.[1] ?? "";
  const pinned = [...block.matchAll(/\b([A-Z]+_IMAGE)=([^\s;]+)/g)].map(([, name = "", image = ""]) => [
    name,
    image,
  ]);

  it("covers the images that compose and the Dockerfile name", () => {
    const named = [...read("docker-compose.yml").matchAll(/\$\{([A-Z]+_IMAGE):-([^}]+)\}/g)].map(
      ([, name = "", image = ""]) => [name, image],
    );
    expect(pinned.sort()).toEqual([...new Map(named as [string, string][])].sort());
    const [, node] = /^ARG (NODE_IMAGE=.+)$/m.exec(read("Dockerfile")) ?? [];
    expect(block).toContain(` ${node};`);
  });

  it("replaces the digests in .env, and leaves the rest", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pin-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    // Stands in for docker: the digest of an image is its name.
    await writeFile(join(folder, "docker"), '#!/bin/sh\nprintf "sha256:%s" "$4"\n', { mode: 0o755 });
    await writeFile(join(folder, ".env"), "DB_PASSWORD=x\nREDIS_IMAGE=redis:8@sha256:old\n");
    const run = () =>
      spawnSync("sh", ["-ec", block], { cwd: folder, env: { PATH: `${folder}:${process.env["PATH"]}` } });
    expect([run().status, run().status]).toEqual([0, 0]);
    expect(await readFile(join(folder, ".env"), "utf8")).toBe(
      [
        "DB_PASSWORD=x",
        "POSTGRES_IMAGE=postgres:18@sha256:postgres:18",
        "REDIS_IMAGE=redis:8@sha256:redis:8",
        "NODE_IMAGE=node:24-slim@sha256:node:24-slim",
        "",
      ].join("\n"),
    );
  });
});

describe("the Dockerfile", () => {
  const dockerfile = read("Dockerfile");

  it("copies files that exist and are sent to the builder", () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) =>
      files.split(" "),
    );
    const sent = read(".dockerignore");
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(sent).toContain(`\n!${source}\n`);
    }
  });

  it("does not run as root, and has a health check", () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain("/health/live");
  });
});
