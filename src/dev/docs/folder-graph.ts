import type { IModule } from "dependency-cruiser";
import { markdownTable } from "./markdown-table.ts";

/** Folders, each with the folders it imports from. */
export type FolderGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Neighbouring layers, highest first. A layer has folder names, with the purpose of each. */
export type FolderGroup = {
  readonly name: string;
  readonly layers: readonly Readonly<Record<string, string>>[];
};

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
 * Folders that the groups miss, or list although they do not exist. Imports that point up fail check:imports.
 */
export function listingFaults(graph: FolderGraph, groups: readonly FolderGroup[]): string[] {
  const listed = new Set(groups.flatMap((group) => foldersOf(group).map(([folder]) => folder)));
  return [
    ...[...graph.keys()]
      .filter((folder) => !listed.has(folder))
      .map((folder) => `src/${folder} is not listed in src/dev/docs/folders.json`),
    ...[...listed]
      .filter((folder) => !graph.has(folder))
      .map((folder) => `src/${folder} is listed in src/dev/docs/folders.json but does not exist`),
  ];
}

/** The folders of a group, highest layer first, each with its purpose. */
export const foldersOf = ({ layers }: FolderGroup): [folder: string, purpose: string][] =>
  layers.flatMap((layer) => Object.entries(layer));

/** Stands for a group in the picture: its first folder. */
const idOf = (group: FolderGroup): string => foldersOf(group)[0]?.[0] ?? group.name;

/** The imports between groups, each by its first folder. */
function groupGraph(graph: FolderGraph, groups: readonly FolderGroup[]): FolderGraph {
  const ids = new Map(
    groups.flatMap((group) => foldersOf(group).map(([name]) => [name, idOf(group)] as const)),
  );
  const imports = edgesOf(graph).map(([from, to]) => [ids.get(from) ?? from, ids.get(to) ?? to] as const);
  return new Map(
    groups
      .map(idOf)
      .map((id) => [id, new Set(imports.flatMap(([from, to]) => (from === id && to !== id ? [to] : [])))]),
  );
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

const NAMES_PER_LINE = 4;

const linesOf = (names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [names.slice(0, NAMES_PER_LINE).join(", "), ...linesOf(names.slice(NAMES_PER_LINE))];

/** The folders as a Mermaid flowchart, a node for each group. */
export function folderPicture(graph: FolderGraph, groups: readonly FolderGroup[]): string {
  const order = groups.map(idOf);
  const position = (id: string) => order.indexOf(id);
  const nodes = groups.map((group) => {
    const lines = linesOf(foldersOf(group).map(([name]) => name));
    return `  ${idOf(group)}["<b>${group.name}</b><br>${lines.join(",<br>")}"]`;
  });
  const arrows = essentialImports(groupGraph(graph, groups))
    .sort(([a, b], [c, d]) => position(a) - position(c) || position(b) - position(d))
    .map(([from, to]) => (isException(from, to) ? `  ${from} -. demo .-> ${to}` : `  ${from} --> ${to}`));
  return ["```mermaid", "flowchart TD", ...nodes, ...arrows, "```"].join("\n");
}

/** The purpose of each folder, a row for each group. */
export const folderTable = (groups: readonly FolderGroup[]): string =>
  markdownTable(
    ["Group", "Folders"],
    groups.map((group) => [
      group.name,
      foldersOf(group)
        .map(([folder, purpose]) => `\`${folder}/\` ${purpose}`)
        .join(". "),
    ]),
  );
