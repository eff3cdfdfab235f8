import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ICruiseResult } from "dependency-cruiser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FolderCycle, folderCycles } from "../src/dev/checks/folder-cycles.ts";
import { importsIn } from "../src/dev/docs/folder-graph.ts";
import { root } from "./support/pages.ts";

// Forbidden imports, each in files of its own, checked with the rules of the repository. A rule that matches
// nothing is silent, so this shows that each one matches.

const imports = (path: string): string => `export { one } from "${path}";\n`;
const importsType = (path: string): string =>
  `import type { one } from "${path}";\nexport type Two = typeof one;\n`;

/** The files of a source tree that breaks every rule, and one import that is allowed. */
const FILES: Readonly<Record<string, string>> = {
  "src/db/one.ts": "export const one = 1;\n",
  "src/config/one.ts": "export const one = 1;\n",
  "src/scoring/one.ts": "export const one = 1;\n",
  "src/dev/demo/one.ts": "export const one = 1;\n",
  // Upward, beside, and out of the leaves.
  "src/db/upward.ts": imports("../config/one.ts"),
  "src/db/upward-type.ts": importsType("../config/one.ts"),
  "src/leaf.ts": imports("./db/one.ts"),
  // Cycles.
  "src/events/first.ts": `import type { Two } from "./second.ts";\nexport const one: Two | number = 1;\n`,
  "src/events/second.ts": importsType("./first.ts"),
  "src/workers/a/one.ts": imports("../../scoring/one.ts"),
  "src/workers/a/two.ts": imports("../b/one.ts"),
  "src/workers/b/one.ts": imports("../../scoring/one.ts"),
  "src/workers/b/two.ts": imports("../a/one.ts"),
  "src/http/app.ts": imports("./api/one.ts"),
  "src/http/auth.ts": imports("../scoring/one.ts"),
  "src/http/api/one.ts": imports("../../scoring/one.ts"),
  "src/http/api/two.ts": importsType("../auth.ts"),
  // Purity.
  "src/scoring/impure.ts": `export { readFileSync as one } from "node:fs";\n`,
  "src/project-matching/impure.task.ts": imports("../db/one.ts"),
  "src/email/render/impure.ts": imports("../../config/one.ts"),
  "src/media/parse/one.ts": imports("../../scoring/one.ts"),
  "src/media/parse/impure.ts": imports("../../db/one.ts"),
  "src/media/read-metadata.task.ts": imports("./parse/one.ts"),
  "src/media/on-the-event-loop.ts": imports("./parse/one.ts"),
  // Boundaries.
  "src/workers/transport.ts": `export { Queue as one } from "bullmq";\n`,
  "src/queues/demo.ts": imports("../dev/demo/one.ts"),
  "src/cli/dev-package.ts": `export { test as one } from "vitest";\n`,
  "src/ports/orphan.ts": "export const one = 1;\n",
  // Allowed: the command that starts the demo, which prints like a command.
  "src/cli/dev.ts": imports("../dev/demo/demo.ts"),
  "src/cli/table.ts": imports("../scoring/one.ts"),
  "src/dev/demo/demo.ts": imports("../../cli/table.ts"),
};

type Violation = { readonly rule: string; readonly from: string; readonly to: string };

let violations: readonly Violation[];
let cycles: readonly FolderCycle[];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "import-rules-"));
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  for (const name of ["node_modules", "tsconfig.json", "package.json"])
    await symlink(join(root, name), join(folder, name));
  const { stdout } = await promisify(execFile)(
    join(root, "node_modules/.bin/depcruise"),
    ["--config", join(root, ".dependency-cruiser.cjs"), "--output-type", "json", "src"],
    { cwd: folder, maxBuffer: 2 ** 26 },
  );
  const { summary, modules } = JSON.parse(stdout) as ICruiseResult;
  violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  cycles = folderCycles(importsIn(modules));
});

afterAll(() => rm(folder, { recursive: true }));

describe("the import rules reject", () => {
  it.each([
    ["an import from a higher layer", "layer-db-threads-tracing-scoring-languages", "src/db/upward.ts"],
    [
      "a type-only import from a higher layer",
      "layer-db-threads-tracing-scoring-languages",
      "src/db/upward-type.ts",
    ],
    ["an import of a folder from a file directly in src", "small-files-are-leaves", "src/leaf.ts"],
    ["a cycle of type-only imports", "no-cycles", "src/events/first.ts"],
    ["an import of a Node module in scoring", "scoring-is-pure", "src/scoring/impure.ts"],
    [
      "an import of the database in a task file",
      "task-files-are-pure",
      "src/project-matching/impure.task.ts",
    ],
    ["an import of the database in a parser", "task-files-are-pure", "src/media/parse/impure.ts"],
    ["a parser outside of threads", "parsers-run-on-threads", "src/media/on-the-event-loop.ts"],
    [
      "an import of the configuration in the look of e-mail",
      "email-render-is-pure",
      "src/email/render/impure.ts",
    ],
    ["an import of bullmq in a job", "workers-know-no-transport", "src/workers/transport.ts"],
    ["an import of the demo outside its command", "dev-stays-in-dev", "src/queues/demo.ts"],
    ["a development package in production", "no-dev-dependencies-in-production", "src/cli/dev-package.ts"],
    ["a file that nothing imports", "no-orphans", "src/ports/orphan.ts"],
  ])("%s", (_what, rule, from) => {
    expect(violations).toContainEqual(expect.objectContaining({ rule, from }));
  });
});

describe("the import rules reject a cycle of folders", () => {
  it.each([
    ["beside each other", "src/workers", ["src/workers/a/two.ts", "src/workers/b/two.ts"]],
    ["one in the other, with a type-only import", "src/http", ["src/http/api/two.ts", "src/http/app.ts"]],
  ])("%s", (_which, parent, files) => {
    const found = cycles.find((cycle) => cycle.folder === parent);
    expect(found?.imports.map(({ from }) => from).sort()).toEqual(files);
  });
});

it("the import rules allow the command that starts the demo, although the demo imports the CLI", () => {
  const between = violations.filter(
    ({ from, to }) => /^src\/(cli|dev)/.test(from) && /^src\/(cli|dev)/.test(to),
  );
  expect(between).toEqual([]);
  expect(cycles.flatMap(({ imports }) => imports).filter(({ from }) => from.startsWith("src/cli/"))).toEqual(
    [],
  );
});

it("the import rules allow the task of media to import its parsers", () => {
  expect(violations.filter(({ from }) => from === "src/media/read-metadata.task.ts")).toEqual([]);
});
