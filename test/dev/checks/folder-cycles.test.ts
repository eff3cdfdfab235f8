import { describe, expect, it } from "vitest";
import { folderCycles } from "../../../src/dev/checks/folder-cycles.ts";

/** Imports written as `a/x > b/x`, of files of src. */
const imports = (...pairs: readonly string[]) =>
  pairs.map((pair) => {
    const [from = "", to = ""] = pair.split(" > ");
    return { from: `src/${from}.ts`, to: `src/${to}.ts` };
  });

const foldersWithCycles = (...pairs: readonly string[]): string[] =>
  folderCycles(imports(...pairs)).map(({ folder }) => folder);

describe("a cycle of folders is found", () => {
  it.each([
    ["between two folders", "src", ["a/x > b/x", "b/y > a/y"]],
    ["through three folders", "src", ["a/x > b/x", "b/y > c/x", "c/y > a/y"]],
    ["between two subfolders", "src/a", ["a/b/x > a/c/x", "a/c/y > a/b/y"]],
    ["between a folder and its subfolder", "src/a", ["a/x > a/b/x", "a/b/y > a/y"]],
    ["between a folder and what lies two folders below it", "src/a", ["a/x > a/b/x", "a/b/c/y > a/y"]],
    ["from a folder through two of its subfolders", "src/a", ["a/x > a/b/x", "a/b/y > a/c/x", "a/c/y > a/y"]],
    ["between subfolders of different folders", "src", ["a/b/x > c/d/x", "c/e/y > a/f/y"]],
    ["of files directly in src", "src", ["x > a/x", "a/y > y"]],
  ])("%s", (_where, folder, pairs) => {
    expect(foldersWithCycles(...pairs)).toEqual([folder]);
  });

  it("with an import for each step of it, and none that only leads to it", () => {
    const found = folderCycles(imports("d/x > a/x", "a/x > b/x", "a/z > b/z", "b/y > a/y"));
    expect(found).toEqual([{ folder: "src", imports: imports("a/x > b/x", "b/y > a/y") }]);
  });
});

describe("no cycle is found", () => {
  it.each([
    ["where files import from subfolders", ["a/x > a/b/x", "a/x > a/c/x", "a/b/x > a/c/x"]],
    [
      "where subfolders import from the files above them",
      ["a/b/x > a/x", "a/b/c/x > a/x", "a/b/c/x > a/b/x"],
    ],
    ["between files of one folder", ["a/x > a/y", "a/y > a/x"]],
    [
      "of what starts a process, although every folder imports what lies beside it",
      ["main > a/x", "cli > a/x", "a/x > log"],
    ],
    [
      "of the command that starts the demo, which prints like a command",
      ["cli/dev > dev/demo/demo", "dev/demo/demo > cli/table"],
    ],
  ])("%s", (_where, pairs) => {
    expect(foldersWithCycles(...pairs)).toEqual([]);
  });

  it("of the command that starts the demo alone: another command may not import from dev", () => {
    expect(foldersWithCycles("cli/run > dev/demo/demo", "dev/demo/demo > cli/table")).toEqual(["src"]);
  });
});
