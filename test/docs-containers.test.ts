import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig, VARIABLES } from "../src/config/config.ts";
import { QUEUE_NAMES } from "../src/config/queues.ts";
import { read, root } from "./support/pages.ts";

const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };

describe("docker-compose.yml", () => {
  const compose = read("docker-compose.yml");
  const [, servicesText = ""] = compose.split("\nservices:\n");
  const services = new Map(
    [...(servicesText.split("\nvolumes:\n")[0] ?? "").matchAll(/^ {2}([a-z-]+):\n((?: {4}.*\n|\n)+)/gm)].map(
      ([, name = "", text = ""]) => [name, text],
    ),
  );
  const value = (service: string, name: string): string | undefined =>
    new RegExp(`^ +${name}: (.*)$`, "m").exec(services.get(service) ?? "")?.[1];

  it("has a service for each role, workers of two kinds, and what they need", () => {
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

  it("sets and asks for variables that are read, and for no other", () => {
    const set = [...compose.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm)].map(([, name = ""]) => name);
    const asked = [...compose.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name = ""]) => name);
    // Those of the image of Postgres.
    const others = [...set, ...asked].filter((name) => !name.startsWith("POSTGRES_"));
    expect(others.filter((name) => !VARIABLES.includes(name))).toEqual([]);
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

describe("the Dockerfile", () => {
  const dockerfile = read("Dockerfile");

  it("copies what exists and the builder is sent", () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) =>
      files.split(" "),
    );
    const sent = read(".dockerignore");
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(sent).toContain(`\n!${source}\n`);
    }
  });

  it("runs as somebody other than root, and is asked for its health", () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain("/health/live");
  });
});
