import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readConfig, VARIABLES } from "../src/config/config.ts";
import { QUEUE_NAMES, QUEUE_WEIGHTS } from "../src/config/queues.ts";
import { timetable } from "../src/schedules/timetable.ts";
import { catalogue } from "../src/workers/index.ts";
import { cli } from "./support/cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

const readme = read("README.md");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

/** The part of a page below a heading, up to the next one of its rank. */
function section(page: string, heading: string): string {
  const [, rest = ""] = page.split(`\n## ${heading}\n`);
  return rest.split("\n## ")[0] ?? "";
}

/** Cells of the rows whose first cell begins with `code`. */
const codeRows = (text: string): string[][] =>
  [...text.matchAll(/^\| `.*$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );

const codeIn = (cell = ""): string | null => /^`([^`]*)`$/.exec(cell)?.[1] ?? null;

const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };

describe("the README's tables of variables", () => {
  const rows = codeRows(section(readme, "Configuration"));

  it("have each variable that is read, once, and no other", () => {
    expect(rows.map(([name]) => codeIn(name)).sort()).toEqual([...VARIABLES].sort());
  });

  it.each(rows.map(([name, fallback]) => [codeIn(name) as string, fallback as string]))(
    "tell the default of %s",
    (name, fallback) => {
      if (name in needed) return expect(fallback).toBe("needed");
      const written = codeIn(fallback);
      if (written === null) return expect(fallback).toBe("not set");
      // Saying it aloud changes nothing; but a PORT that is named makes a worker listen.
      const spoken = readConfig({ ...needed, [name]: written });
      expect({ ...spoken, listens: true }).toEqual({ ...readConfig(needed), listens: true });
    },
  );
});

describe(".env.example", () => {
  const lines = [...read(".env.example").matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)];

  it("has each variable that is read, once, and no other", () => {
    expect(lines.map(([, , name]) => name).sort()).toEqual([...VARIABLES].sort());
  });

  it("shows the defaults of the program", () => {
    const shown = Object.fromEntries(lines.map(([, , name, value]) => [name, value]));
    expect(readConfig({ ...shown, ...needed })).toEqual(readConfig(needed));
  });

  it("sets nothing but what is needed", () => {
    const set = lines.filter(([, comment]) => comment === undefined).map(([, , name]) => name);
    expect(set).toEqual(Object.keys(needed));
  });
});

describe("the README's table of jobs", () => {
  const rows = codeRows(section(readme, "Jobs"));

  it.each(catalogue.jobs.map((job) => [job.name, job] as const))("has %s, in its own words", (name, job) => {
    const schedules = timetable.filter((schedule) => schedule.job.name === name);
    const when = schedules.map(({ pattern, tz }) => `\`${pattern}\` ${tz}`).join(", ") || "-";
    expect(rows).toContainEqual([`\`${name}\``, job.queue, when, job.description]);
  });

  it("has no other", () => {
    expect(rows).toHaveLength(catalogue.jobs.length);
  });
});

describe("the README's table of commands", () => {
  it("has each command, and no other", async () => {
    const { out } = await cli({}, "--help");
    const commands = [...out.matchAll(/^ {2}([a-z][a-z:]*)(?= |$)/gm)].map(([, name]) => name);
    const cells = codeRows(section(readme, "The command line")).map(([cell = ""]) => cell);
    const told = cells.flatMap((cell) => [...cell.matchAll(/`([a-z:]+)/g)].map(([, name]) => name));
    expect([...new Set(told)].sort()).toEqual(commands.filter((name) => name !== "help").sort());
  });
});

describe("docs/scaling.md", () => {
  it("has the connections of each kind of process", () => {
    const most = (environment: NodeJS.ProcessEnv) =>
      readConfig({ ...needed, ...environment }).databasePoolMax;
    const others = QUEUE_NAMES.filter((name) => name !== "commissions").join(",");
    const told = section(read("docs/scaling.md"), "Connections").match(/(?<=^\| .* \| )\d+(?= \|$)/gm);
    expect(told?.map(Number)).toEqual([
      most({ ROLES: "api,scheduler" }),
      most({ ROLES: "worker", WORKER_QUEUES: "commissions" }),
      most({ ROLES: "worker", WORKER_QUEUES: others }),
      most({}),
    ]);
  });

  it("has each queue with its weight", () => {
    const text = section(read("docs/scaling.md"), "Queues");
    const told = [...text.matchAll(/^\| ([a-z, ]+) \| (\d+)/gm)].flatMap(([, names = "", weight]) =>
      names.split(", ").map((name) => [name, Number(weight)]),
    );
    expect(Object.fromEntries(told)).toEqual(QUEUE_WEIGHTS);
  });
});

describe("the links", () => {
  it.each(pages)("of %s lead somewhere", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target.split("#")[0] ?? "")
      .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
    for (const target of targets) {
      expect(existsSync(join(root, dirname(page), target)), `${page} leads to ${target}`).toBe(true);
    }
  });

  it.each(pages)("and files that %s names exist", (page) => {
    const files = [...read(page).matchAll(/`((?:src|test|drizzle|docs|bench)\/[\w./-]+\.(?:ts|sql|md))`/g)];
    for (const [, file = ""] of files)
      expect(existsSync(join(root, file)), `${page} names ${file}`).toBe(true);
  });
});

describe("the decisions", () => {
  it("have a number of their own", () => {
    const numbers = readdirSync(join(root, "docs/decisions")).map((file) => file.slice(0, 4));
    for (const number of numbers) expect(number).toMatch(/^\d{4}$/);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

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
