import { type MatchProject, millionths } from "../scoring/project-matching/match.ts";
import { type IndexedMatch, matchProjects } from "../scoring/project-matching/match-index.ts";
import { buildBlock, type SkillBlock } from "../scoring/project-matching/skill-block.ts";

export type RankAsk = {
  readonly blocks: readonly SkillBlock[];
  readonly projects: readonly MatchProject[];
  readonly keep: number;
  /**
   * How many skills each volunteer has, by id, where the blocks hold only some of them; null: the blocks hold all.
   */
  readonly skillCounts: ReadonlyMap<number, number> | null;
  /** So many projects are stored by one statement. */
  readonly together: number;
};

/** Rows of matches as columns of numbers, which go from thread to thread and to the server without becoming objects or text. */
export type MatchColumns = {
  readonly projectIds: Float64Array;
  readonly volunteerIds: Float64Array;
  /** This and the other shares in whole millionths. */
  readonly scores: Int32Array;
  readonly coverages: Int32Array;
  readonly cosines: Int32Array;
  readonly jaccards: Int32Array;
  /** -1: it does not count. */
  readonly locations: Int32Array;
  /** Where in `skillSets` the matched skills stand. */
  readonly skillSetAt: Int32Array;
  /** The sets of skills that some row has, each once a project. */
  readonly skillSets: readonly (readonly number[])[];
};

/** A block as it is read: the records of a `PackedBlock` in pieces of base64, which cost the event loop less than bytes. */
export type ReadBlock = {
  readonly number: number;
  readonly skills: readonly string[];
  readonly places: readonly string[];
};

const bytesOf = (pieces: readonly string[]): Uint8Array =>
  Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));

/** Task of a thread: makes the index of blocks. */
export const indexBlocks = (read: readonly ReadBlock[]): SkillBlock[] =>
  read.map(({ number, skills, places }) =>
    buildBlock({ number, skills: bytesOf(skills), places: bytesOf(places) }),
  );

/** Task of a thread: the ids of all who are on the list of some project. */
export function rankedVolunteers({
  blocks,
  projects,
  keep,
}: Pick<RankAsk, "blocks" | "projects" | "keep">): number[] {
  const ids = new Set<number>();
  for (const list of matchProjects(blocks, projects, keep))
    for (const { volunteerId } of list) ids.add(volunteerId);
  return [...ids];
}

/** Task of a thread: the best candidates of each project as rows, project by project, so many projects together. */
export function rankProjects({ blocks, projects, keep, skillCounts, together }: RankAsk): MatchColumns[] {
  const lists = matchProjects(blocks, projects, keep, skillCounts);
  const pieces: MatchColumns[] = [];
  for (let from = 0; from < projects.length; from += together)
    pieces.push(columnsOf(projects.slice(from, from + together), lists.slice(from, from + together)));
  return pieces;
}

function columnsOf(projects: readonly MatchProject[], lists: readonly IndexedMatch[][]): MatchColumns {
  const columns = openColumns(lists.reduce((sum, { length }) => sum + length, 0));
  let row = 0;
  for (const [index, project] of projects.entries()) {
    const setAt = new Map<string, number>();
    for (const match of lists[index] as IndexedMatch[]) writeRow(columns, row++, project, match, setAt);
  }
  return columns;
}

type OpenColumns = MatchColumns & { readonly skillSets: (readonly number[])[] };

const openColumns = (count: number): OpenColumns => ({
  projectIds: new Float64Array(count),
  volunteerIds: new Float64Array(count),
  scores: new Int32Array(count),
  coverages: new Int32Array(count),
  cosines: new Int32Array(count),
  jaccards: new Int32Array(count),
  locations: new Int32Array(count),
  skillSetAt: new Int32Array(count),
  skillSets: [],
});

/** No rows at all. */
export const NO_MATCHES: MatchColumns = openColumns(0);

/** @param setAt where the sets of this project stand, by the skills in them. */
function writeRow(
  columns: OpenColumns,
  row: number,
  project: MatchProject,
  match: IndexedMatch,
  setAt: Map<string, number>,
): void {
  columns.projectIds[row] = project.id;
  columns.volunteerIds[row] = match.volunteerId;
  columns.scores[row] = millionths(match.score);
  columns.coverages[row] = millionths(match.coverage);
  columns.cosines[row] = millionths(match.cosine);
  columns.jaccards[row] = millionths(match.jaccard);
  columns.locations[row] = match.location === null ? -1 : millionths(match.location);
  const skills = matchedSkills(match.weights, project);
  const key = skills.join();
  const at = setAt.get(key) ?? columns.skillSets.push(skills) - 1;
  setAt.set(key, at);
  columns.skillSetAt[row] = at;
}

/** The required skills that somebody has, in the order of the project. */
export const matchedSkills = (
  weights: readonly number[],
  { requiredSkillIds }: Pick<MatchProject, "requiredSkillIds">,
): number[] => requiredSkillIds.filter((_, index) => (weights[index] ?? 0) > 0);
