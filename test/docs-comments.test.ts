import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { PLACES } from "./contributing/places.ts";
import { filesIn, pages, read, root } from "./support/pages.ts";

// Comments and pages name migrations, decisions, pages and files. A name that leads nowhere fails here.

const sources = [
  ...filesIn("src", ".ts"),
  ...filesIn("src", ".mjs"),
  ...filesIn("test", ".ts"),
  ...filesIn("bench/src", ".ts"),
];
const scripts = [...filesIn("drizzle", ".sql"), "Dockerfile", "docker-compose.yml", ".ci/run"];

const fileNames = new Set([...sources, ...pages].map((file) => file.split("/").at(-1) ?? ""));

const commentsOf = (text: string): string =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/[^\n]*/g)].map(([comment]) => comment).join("\n");

const scriptCommentsOf = (text: string): string =>
  [...text.matchAll(/(?:^|\s)(?:--|#)\s[^\n]*/g)].map(([comment]) => comment).join("\n");

const texts: readonly (readonly [string, string])[] = [
  ...sources.map((file) => [file, commentsOf(read(file))] as const),
  ...scripts.map((file) => [file, scriptCommentsOf(read(file))] as const),
  // Links are tested with the other properties of pages.
  ...pages.map((file) => [file, read(file).replace(/\]\([^)]*\)/g, "]")] as const),
];

type Reference = { readonly file: string; readonly name: string };

const find = (pattern: RegExp): Reference[] =>
  texts.flatMap(([file, text]) => [...text.matchAll(pattern)].map(([, name = ""]) => ({ file, name })));

const isThere = (path: string): boolean => existsSync(join(root, normalize(path)));

/** Those that lead nowhere, with the file that has them. */
const missing = (references: readonly Reference[], exists: (reference: Reference) => boolean): string[] =>
  references.filter((reference) => !exists(reference)).map(({ file, name }) => `${file}: ${name}`);

/** The columns at which comments wrap. */
const MAX_COLUMNS = 110;

describe("comments", () => {
  it(`wrap at ${MAX_COLUMNS} columns`, () => {
    const files = [...sources, ...filesIn("drizzle", ".sql")];
    const commentLines = files.flatMap((file) =>
      read(file)
        .split("\n")
        .flatMap((line, index) =>
          /^\s*(?:\/\/|\/?\*|-- )/.test(line) ? [{ at: `${file}:${index + 1}`, columns: line.length }] : [],
        ),
    );
    expect(commentLines.filter(({ columns }) => columns > MAX_COLUMNS)).toEqual([]);
    expect(commentLines.length).toBeGreaterThan(1_000);
  });
});

describe("what comments and pages name", () => {
  it("as a migration exists", () => {
    const named = find(/(?<![\w/-])(?:drizzle\/)?(\d{4}_[a-z][a-z_]*)(?:\.sql)?/g);
    expect(missing(named, ({ name }) => isThere(`drizzle/${name}.sql`))).toEqual([]);
    expect(named.length).toBeGreaterThan(3);
  });

  it("as a decision exists", () => {
    const numbers = new Set(
      filesIn("docs/decisions", ".md").map((file) => file.split("/").at(-1)?.slice(0, 4)),
    );
    const named = find(/(?<=\bdecisions?[ /](?:[\d, and]*\b)?)(\d{4})\b/gi);
    expect(missing(named, ({ name }) => numbers.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(5);
  });

  it("as a page exists", () => {
    const named = find(/(?<![\w/.:-])([A-Za-z][\w-]*(?:\/[\w-]+)*\.md)\b/g);
    const exists = ({ file, name }: Reference) =>
      isThere(name) || isThere(join(dirname(file), name)) || fileNames.has(name);
    expect(missing(named, exists)).toEqual([]);
  });

  it("as a source file exists", () => {
    const named = find(/(?<![\w/.:{}<>*-])([a-z][\w.-]*(?:\/[\w.-]+)*\.(?:ts|mjs|cjs))\b/g);
    const exists = ({ file, name }: Reference) =>
      // The guide's examples are not part of the service.
      Object.values(PLACES).includes(name) ||
      ["", "src", "test", "bench/src", dirname(file)].some((folder) => isThere(join(folder, name))) ||
      (!name.includes("/") && fileNames.has(name));
    expect(missing(named, exists)).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });
});
