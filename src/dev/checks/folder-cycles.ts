import type { Import } from "../docs/folder-graph.ts";

/**
 * Parts of a folder that import each other: the imports that lead from one part through others back to it.
 */
export type FolderCycle = { readonly folder: string; readonly imports: readonly Import[] };

/** The parts of a folder, each with the parts it imports from and an import that shows it. */
type PartGraph = ReadonlyMap<string, ReadonlyMap<string, Import>>;

/**
 * Finds a cycle in each folder whose parts form one. The parts of a folder are its subfolders, each with
 * everything below it, and the files directly in it, taken together. So the files of a folder may import from
 * its subfolders, or its subfolders from them, but not both. Where no folder has a cycle, no two folders at
 * any depth import each other.
 *
 * @param imports between files, by paths from the root of the repository, type-only ones included.
 */
export function folderCycles(imports: readonly Import[]): FolderCycle[] {
  const counted = imports.filter((one) => !startsDemo(one));
  const folders = new Set(counted.flatMap(({ from }) => foldersAbove(from)));
  return [...folders].sort().flatMap((folder) => {
    const cycle = cycleIn(partGraph(folder, counted));
    return cycle === null ? [] : [{ folder, imports: cycle }];
  });
}

/** The one import that points up: the command `demo`. */
const startsDemo = ({ from, to }: Import): boolean => from === "src/cli/dev.ts" && to.startsWith("src/dev/");

/** `src/http/api/feed.ts` is in `src`, `src/http` and `src/http/api`. */
function foldersAbove(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** They start a process, and nothing imports them. */
const ENTRIES: ReadonlySet<string> = new Set(["src/main.ts", "src/cli.ts"]);

/** The part of a folder that has a file: a subfolder, or `.` for those directly in it; null: none. */
function partOf(folder: string, path: string): string | null {
  if (!path.startsWith(`${folder}/`)) return null;
  if (ENTRIES.has(path)) return path;
  const [first = "", ...deeper] = path.slice(folder.length + 1).split("/");
  return deeper.length > 0 ? first : ".";
}

function partGraph(folder: string, imports: readonly Import[]): PartGraph {
  const graph = new Map<string, Map<string, Import>>();
  for (const one of imports) {
    const [from, to] = [partOf(folder, one.from), partOf(folder, one.to)];
    if (from === null || to === null || from === to) continue;
    const targets = graph.get(from) ?? new Map<string, Import>();
    graph.set(from, targets.set(to, targets.get(to) ?? one));
  }
  return graph;
}

function cycleIn(graph: PartGraph): Import[] | null {
  const finished = new Set<string>();
  const follow = (part: string, passed: readonly string[], path: readonly Import[]): Import[] | null => {
    if (passed.includes(part)) return path.slice(passed.indexOf(part));
    if (finished.has(part)) return null;
    for (const [to, one] of graph.get(part) ?? []) {
      const cycle = follow(to, [...passed, part], [...path, one]);
      if (cycle !== null) return cycle;
    }
    finished.add(part);
    return null;
  };
  for (const part of graph.keys()) {
    const cycle = follow(part, [], []);
    if (cycle !== null) return cycle;
  }
  return null;
}
