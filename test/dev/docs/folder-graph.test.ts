import { describe, expect, it } from "vitest";
import {
  essentialImports,
  folderGraph,
  folderPicture,
  folderTable,
  listingFaults,
} from "../../../src/dev/docs/folder-graph.ts";

const imports = (...pairs: readonly string[]) =>
  pairs.map((pair) => {
    const [from = "", to = ""] = pair.split(" > ");
    return { from: `src/${from}.ts`, to: `src/${to}.ts` };
  });

describe("the graph of folders", () => {
  it("has the imports between folders, not those within one or of files directly in src", () => {
    const graph = folderGraph(
      imports("http/app > http/auth", "http/api/x > queues/relay", "http/app > log", "main > http/app"),
    );
    expect([...graph]).toEqual([["http", new Set(["queues"])]]);
  });

  it("leaves out imports that follow from others", () => {
    const graph = folderGraph(imports("a/x > b/x", "b/x > c/x", "c/x > d/x", "a/x > c/x", "a/x > d/x"));
    expect(essentialImports(graph)).toEqual([
      ["a", "b"],
      ["b", "c"],
      ["c", "d"],
    ]);
  });

  it("keeps the one import that points up, and derives no others from it", () => {
    const graph = folderGraph(imports("dev/x > cli/x", "dev/x > db/x", "cli/x > dev/x", "cli/x > db/x"));
    expect(essentialImports(graph)).toEqual([
      ["dev", "cli"],
      ["cli", "dev"],
      ["cli", "db"],
    ]);
  });

  it("names folders that are not listed, and listed ones that do not exist", () => {
    const graph = folderGraph(imports("a/x > b/x", "b/x > b/y"));
    expect(listingFaults(graph, [{ name: "all", layers: [{ a: "top" }, { c: "gone" }] }])).toEqual([
      "src/b is not listed in src/dev/docs/folders.json",
      "src/c is listed in src/dev/docs/folders.json but does not exist",
    ]);
  });

  const groups = [
    { name: "development", layers: [{ dev: "the demo" }] },
    { name: "commands", layers: [{ cli: "commands" }, { doctor: "checks" }] },
    { name: "foundations", layers: [{ low: "the rest" }] },
  ];

  it("is drawn with a node for each group, in their order", () => {
    const graph = folderGraph(
      imports(
        "low/x > low/y",
        "cli/x > dev/x",
        "cli/x > doctor/x",
        "doctor/x > low/x",
        "dev/x > cli/x",
        "dev/x > low/x",
      ),
    );
    expect(folderPicture(graph, groups).split("\n")).toEqual([
      "```mermaid",
      "flowchart TD",
      '  dev["<b>development</b><br>dev"]',
      '  cli["<b>commands</b><br>cli, doctor"]',
      '  low["<b>foundations</b><br>low"]',
      "  dev --> cli",
      "  cli -. demo .-> dev",
      "  cli --> low",
      "```",
    ]);
  });

  it("is listed with the purpose of each folder", () => {
    expect(folderTable(groups)).toContain("| commands | `cli/` commands. `doctor/` checks |");
  });
});
