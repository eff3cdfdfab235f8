import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { AREAS, readConfig, VARIABLES } from "../src/config/config.ts";
import { QUEUE_NAMES, QUEUE_WEIGHTS } from "../src/config/queues.ts";
import { generatedFiles } from "../src/dev/docs/generated-files.ts";
import { blocks, filesIn, pages, read, root, section } from "./support/pages.ts";

/** What `openssl rand` may print. */
const DRAWN = "0123456789abcdef".repeat(2);

const needed = { DATABASE_URL: "postgres://u:p@db:5432/cw", REDIS_URL: "redis://cache:6379" };

it("the generated pages are up to date: npm run docs:generate", async () => {
  for (const { file, text } of await generatedFiles()) expect(text, file).toBe(read(file));
});

describe("the default that is documented for", () => {
  const variables = AREAS.flatMap((area) => Object.entries(area.variables));
  const withDefault = variables.filter(([, schema]) => schema.meta()?.["default"] !== undefined);

  it.each(withDefault)("%s is the one that applies", (name, schema) => {
    const fallback = String(schema.meta()?.["default"]);
    const spoken = readConfig({ ...needed, [name]: fallback });
    // Setting PORT has one more effect: a worker then listens.
    expect({ ...spoken, listens: true }).toEqual({ ...readConfig(needed), listens: true });
  });

  it("no other variable has a default", () => {
    expect(withDefault.length).toBeGreaterThan(30);
    for (const [name] of variables) expect(VARIABLES).toContain(name);
  });
});

describe(".env.example", () => {
  const lines = [...read(".env.example").matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)];

  it("has each variable that is read, once, and no other", () => {
    expect(lines.map(([, , name]) => name)).toEqual(VARIABLES);
  });

  it("shows the defaults of the program", () => {
    const shown = Object.fromEntries(lines.map(([, , name, value]) => [name, value]));
    expect(readConfig({ ...shown, ...needed })).toEqual(readConfig(needed));
  });

  it("sets only what is required", () => {
    const set = lines.filter(([, comment]) => comment === undefined).map(([, , name]) => name);
    expect(set).toEqual(Object.keys(needed));
  });
});

describe("docs/deploy.md", () => {
  it("shows addresses of Sentinel and of a Cluster that are valid", () => {
    const shown = blocks(section(read("docs/deploy.md"), "Servers"), "sh")
      .filter((block) => block.includes("REDIS_URL="))
      .map((block) =>
        Object.fromEntries([...block.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value])),
      );
    const configs = shown.map((variables) => readConfig({ ...needed, ...variables }));
    expect(
      configs.map(({ redisSentinels, redisClusterNodes }) => [redisSentinels, redisClusterNodes]),
    ).toEqual([
      [expect.arrayContaining([{ host: "sentinel-1", port: 26_379 }]), []],
      [[], expect.arrayContaining([{ host: "node-1", port: 6_379 }])],
    ]);
  });

  it("shows a production environment that starts, with a secret for everything that needs one", () => {
    const lines = section(read("docs/deploy.md"), "Production").matchAll(/^([A-Z_]+)=(.*)$/gm);
    const shown = Object.fromEntries(
      [...lines].map(([, name, value = ""]) => [name, value.replace(/\$\(openssl rand [^)]*\)/, DRAWN)]),
    );
    expect(Object.keys(shown)).toHaveLength(5);
    expect(readConfig(shown)).toMatchObject({
      saleWebhook: { secrets: [DRAWN] },
      auth: { jwtSecret: DRAWN },
      admin: { adminPassword: DRAWN },
    });
  });
});

describe("docs/operations/scaling.md", () => {
  it("has the connections of each kind of process", () => {
    const most = (environment: NodeJS.ProcessEnv) =>
      readConfig({ ...needed, ...environment }).databasePoolMax;
    const others = QUEUE_NAMES.filter((name) => name !== "commissions").join(",");
    const shown = section(read("docs/operations/scaling.md"), "Connections").match(
      /(?<=^\| .* \| )\d+(?= \|$)/gm,
    );
    expect(shown?.map(Number)).toEqual([
      most({ ROLES: "api,scheduler" }),
      most({ ROLES: "worker", WORKER_QUEUES: "commissions" }),
      most({ ROLES: "worker", WORKER_QUEUES: others }),
      most({}),
    ]);
  });
});

it.each([
  ["docs/operations/scaling.md", "Queues"],
  ["CONTRIBUTING.md", "Add a job"],
])("%s has each queue with its weight", (page, heading) => {
  const rows = section(read(page), heading).matchAll(/^\| ([a-z, `]+) \| (\d+)/gm);
  const shown = [...rows].flatMap(([, names = "", weight]) =>
    names
      .replaceAll("`", "")
      .split(", ")
      .map((name) => [name, Number(weight)]),
  );
  expect(Object.fromEntries(shown)).toEqual(QUEUE_WEIGHTS);
});

/**
 * What GitHub calls a heading in links: lower case, punctuation dropped, spaces as hyphens; numbered when
 * repeated.
 */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const text = read(page).replace(/^ *```[\s\S]*?^ *```/gm, "");
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
      const anchor = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-");
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    }),
  );
}

describe("the links", () => {
  it.each(pages)("of %s resolve, with their anchors", (page) => {
    const text = read(page).replace(/^ *```[\s\S]*?^ *```/gm, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? page : normalize(join(dirname(page), file));
      expect(existsSync(join(root, target)), `${page} links to ${link}`).toBe(true);
      if (anchor !== undefined) expect([...anchorsOf(target)], `${page} links to ${link}`).toContain(anchor);
    }
  });

  it("reach every page from the README", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      for (const [, link = ""] of read(page).matchAll(/\]\(([^)\s#]+\.md)/g))
        if (!/^[a-z]+:/.test(link)) reached.add(normalize(join(dirname(page), link)));
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });
});

describe("the decisions", () => {
  const files = filesIn("docs/decisions", ".md").filter((file) => !file.endsWith("index.md"));
  const numbers = files.map((file) => file.split("/").at(-1)?.slice(0, 4) ?? "");

  it("have a number each, which is also in their heading", () => {
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [index, file] of files.entries()) expect(read(file)).toMatch(`# ${numbers[index]} `);
  });
});
