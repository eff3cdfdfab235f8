import { type MatchProject, millionths } from "../scoring/project-matching/match.ts";
import { type IndexedMatch, matchProjects } from "../scoring/project-matching/match-index.ts";
import { buildBlock, type SkillBlock } from "../scoring/project-matching/skill-block.ts";

/** A project, and the length of its list. */
type RankedProject = MatchProject & { readonly capacity: number };

export type RankInput = {
  readonly blocks: readonly SkillBlock[];
  readonly projects: readonly RankedProject[];
  /** Number of skills by volunteer id, where the blocks hold only some skills; null when they hold all. */
  readonly skillCounts: ReadonlyMap<number, number> | null;
  /** Number of projects whose rows form one piece. */
  readonly projectsPerPiece: number;
};

/**
 * Match rows as columns of numbers, which pass between threads and to the server without becoming objects or
 * text.
 */
export type MatchColumns = {
  readonly projectIds: Float64Array;
  readonly volunteerIds: Float64Array;
  /** Scores and components are in millionths. */
  readonly scores: Int32Array;
  readonly coverages: Int32Array;
  readonly cosines: Int32Array;
  readonly jaccards: Int32Array;
  /** -1 where the location does not count. */
  readonly locationScores: Int32Array;
  /** Index of the row's matched skills in `skillSets`. */
  readonly skillSetIndexes: Int32Array;
  /** The distinct sets of matched skills, project by project. */
  readonly skillSets: readonly (readonly number[])[];
};

/**
 * A block as read from Postgres: records of a `PackedBlock` in base64, which costs the event loop less than
 * binary.
 */
export type EncodedBlock = {
  readonly number: number;
  readonly skills: readonly string[];
  readonly locations: readonly string[];
};

const decode = (pieces: readonly string[]): Uint8Array =>
  Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));

/** Thread task: builds the indexes of blocks. */
export const buildBlocks = (encoded: readonly EncodedBlock[]): SkillBlock[] =>
  encoded.map(({ number, skills, locations }) =>
    buildBlock({ number, skills: decode(skills), locations: decode(locations) }),
  );

const lengthsOf = (projects: readonly RankedProject[]): number[] => projects.map(({ capacity }) => capacity);

/** Thread task: the ids of all volunteers who are on a list of one of the projects. */
export function rankedVolunteers({ blocks, projects }: Pick<RankInput, "blocks" | "projects">): number[] {
  const ids = new Set<number>();
  for (const list of matchProjects(blocks, projects, lengthsOf(projects)))
    for (const { volunteerId } of list) ids.add(volunteerId);
  return [...ids];
}

/** Thread task: the lists of the projects as rows, in pieces of `projectsPerPiece` projects. */
export function rankProjects(input: RankInput): MatchColumns[] {
  const { blocks, projects, skillCounts, projectsPerPiece } = input;
  const lists = matchProjects(blocks, projects, lengthsOf(projects), skillCounts);
  const pieces: MatchColumns[] = [];
  for (let from = 0; from < projects.length; from += projectsPerPiece) {
    const to = from + projectsPerPiece;
    pieces.push(columnsOf(projects.slice(from, to), lists.slice(from, to)));
  }
  return pieces;
}

function columnsOf(projects: readonly MatchProject[], lists: readonly IndexedMatch[][]): MatchColumns {
  const columns = openColumns(lists.reduce((sum, { length }) => sum + length, 0));
  let row = 0;
  for (const [index, project] of projects.entries()) {
    const setIndexes = new Map<string, number>();
    for (const match of lists[index] as IndexedMatch[]) writeRow(columns, row++, project, match, setIndexes);
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
  locationScores: new Int32Array(count),
  skillSetIndexes: new Int32Array(count),
  skillSets: [],
});

/** Columns without a row. */
export const NO_MATCHES: MatchColumns = openColumns(0);

/** @param setIndexes where the skill sets of this project are, by their skills. */
function writeRow(
  columns: OpenColumns,
  row: number,
  project: MatchProject,
  match: IndexedMatch,
  setIndexes: Map<string, number>,
): void {
  columns.projectIds[row] = project.id;
  columns.volunteerIds[row] = match.volunteerId;
  columns.scores[row] = millionths(match.score);
  columns.coverages[row] = millionths(match.coverage);
  columns.cosines[row] = millionths(match.cosine);
  columns.jaccards[row] = millionths(match.jaccard);
  columns.locationScores[row] = match.locationScore === null ? -1 : millionths(match.locationScore);
  const skills = matchedSkills(match.weights, project);
  const key = skills.join();
  const index = setIndexes.get(key) ?? columns.skillSets.push(skills) - 1;
  setIndexes.set(key, index);
  columns.skillSetIndexes[row] = index;
}

/** The required skills that a volunteer has, in the project's order. */
export const matchedSkills = (
  weights: readonly number[],
  { requiredSkillIds }: Pick<MatchProject, "requiredSkillIds">,
): number[] => requiredSkillIds.filter((_, index) => (weights[index] ?? 0) > 0);
