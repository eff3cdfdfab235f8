import type { MatchProject } from "./match.ts";
import { type IndexedMatch, matchProjects } from "./match-index.ts";
import { BLOCK_SIZE, buildBlock, type PackedBlock, type SkillBlock } from "./skill-block.ts";

export type RankAsk = {
  readonly blocks: readonly SkillBlock[];
  readonly projects: readonly MatchProject[];
  readonly keep: number;
  /**
   * How many skills each volunteer has, by id, where the blocks hold only some of them; null: the blocks hold all.
   */
  readonly skillCounts: ReadonlyMap<number, number> | null;
};

/**
 * Rows of matches as columns, each an array in the notation of Postgres. They are written here, on the thread: the event loop only
 * passes them on.
 */
export type MatchColumns = {
  readonly count: number;
  readonly projectIds: string;
  readonly volunteerIds: string;
  readonly scores: string;
  readonly coverages: string;
  readonly cosines: string;
  readonly jaccards: string;
  readonly locations: string;
  /** Each an array in itself, quoted. */
  readonly skillIds: string;
};

/** Task of a thread: makes the index of a block. */
export const packBlock = (packed: PackedBlock): SkillBlock => buildBlock(packed);

/** Task of a thread: the ids of all who are on the list of some project. */
export function rankedVolunteers({ blocks, projects, keep }: Omit<RankAsk, "skillCounts">): number[] {
  const ids = new Set<number>();
  for (const list of matchProjects(blocks, projects, keep))
    for (const { volunteerId } of list) ids.add(volunteerId);
  return [...ids];
}

/** Task of a thread: the best candidates of each project as rows, by project and volunteer. */
export function rankProjects({ blocks, projects, keep, skillCounts }: RankAsk): MatchColumns {
  if (skillCounts !== null) fillCounts(blocks, skillCounts);
  const lists = matchProjects(blocks, projects, keep);
  const rows = projects.flatMap((project, index) =>
    (lists[index] as IndexedMatch[])
      .sort((a, b) => a.volunteerId - b.volunteerId)
      .map((match) => ({ project, match })),
  );
  const column = (read: (match: IndexedMatch, project: MatchProject) => string | number | null) =>
    `{${rows.map(({ match, project }) => read(match, project) ?? "NULL").join(",")}}`;
  return {
    count: rows.length,
    projectIds: column((_, project) => project.id),
    volunteerIds: column((match) => match.volunteerId),
    scores: column((match) => match.score),
    coverages: column((match) => match.coverage),
    cosines: column((match) => match.cosine),
    jaccards: column((match) => match.jaccard),
    locations: column((match) => match.location),
    skillIds: column((match, project) => `"{${matchedSkills(match.weights, project).join(",")}}"`),
  };
}

/** The required skills that somebody has, in the order of the project. */
export const matchedSkills = (
  weights: readonly number[],
  { requiredSkillIds }: Pick<MatchProject, "requiredSkillIds">,
): number[] => requiredSkillIds.filter((_, index) => (weights[index] ?? 0) > 0);

function fillCounts(blocks: readonly SkillBlock[], counts: ReadonlyMap<number, number>): void {
  for (const { number, skillCounts } of blocks) {
    for (let local = 0; local < BLOCK_SIZE; local++) {
      if (skillCounts[local] === 0) continue;
      skillCounts[local] = counts.get(number * BLOCK_SIZE + local) ?? (skillCounts[local] as number);
    }
  }
}
