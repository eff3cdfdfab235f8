import type { IModule } from "dependency-cruiser";

/** Folders, each with the folders it imports from. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Folder names with what each is for, highest layer first. */
export type Layers = readonly Readonly<Record<string, string>>[];

/** An import, by paths from the root of the repository. */
export type Import = { readonly from: string; readonly to: string };

/** Every import between files of src that dependency-cruiser found, type-only ones included. */
export const importsIn = (modules: readonly IModule[]): Import[] =>
  modules
    .flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => ({ from: source, to: resolved })),
    )
    .filter(({ from, to }) => from.startsWith("src/") && to.startsWith("src/"));

/** `src/queues/job.ts` is in `queues`; files directly in src are in none. */
const folderOf = (path: string): string | null => /^src\/([^/]+)\//.exec(path)?.[1] ?? null;

/** Imports between files, by their folders in src. */
export function folderGraph(imports: readonly Import[]): FolderGraph {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (a === null) continue;
    const targets = graph.get(a) ?? new Set();
    graph.set(a, targets);
    if (b !== null && b !== a) targets.add(b);
  }
  return graph;
}

/** The one import that points up: the command `demo`. */
const EXCEPTION = { from: "cli", to: "dev" };

const isException = (from: string, to: string): boolean => from === EXCEPTION.from && to === EXCEPTION.to;

/**
 * Folders that the layers miss, or list although they do not exist. Imports that point up fail check:imports.
 */
export function listingFaults(graph: FolderGraph, layers: Layers): string[] {
  const listed = new Set(layers.flatMap((layer) => Object.keys(layer)));
  return [
    ...[...graph.keys()]
      .filter((folder) => !listed.has(folder))
      .map((folder) => `src/${folder} is not listed in src/dev/docs/folders.json`),
    ...[...listed]
      .filter((folder) => !graph.has(folder))
      .map((folder) => `src/${folder} is listed in src/dev/docs/folders.json but does not exist`),
  ];
}

const edgesOf = (graph: FolderGraph): [string, string][] =>
  [...graph].flatMap(([from, targets]) => [...targets].map((to): [string, string] => [from, to]));

/** The folders that can be reached from one by following imports. */
function reachable(graph: FolderGraph, from: string, found = new Set<string>()): Set<string> {
  for (const to of graph.get(from) ?? []) {
    if (isException(from, to) || found.has(to)) continue;
    found.add(to);
    reachable(graph, to, found);
  }
  return found;
}

/** The imports that do not follow from others: without a -> c where a -> b -> c. */
export function essentialImports(graph: FolderGraph): [string, string][] {
  const reach = new Map([...graph.keys()].map((folder) => [folder, reachable(graph, folder)]));
  return edgesOf(graph).filter(
    ([from, to]) =>
      isException(from, to) ||
      ![...(graph.get(from) ?? [])].some(
        (other) => other !== to && !isException(from, other) && reach.get(other)?.has(to),
      ),
  );
}

/** The folders as a Mermaid flowchart, a row for each layer. */
export function folderPicture(graph: FolderGraph, layers: Layers): string {
  const order = layers.flatMap((layer) => Object.keys(layer));
  const position = (folder: string) => order.indexOf(folder);
  const arrows = essentialImports(graph)
    .sort(([a, b], [c, d]) => position(a) - position(c) || position(b) - position(d))
    .map(([from, to]) => (isException(from, to) ? `  ${from} -. demo .-> ${to}` : `  ${from} --> ${to}`));
  return ["```mermaid", "flowchart TD", ...order.map((folder) => `  ${folder}`), ...arrows, "```"].join("\n");
}
