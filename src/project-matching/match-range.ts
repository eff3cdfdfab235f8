import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import type { StatementTurn } from "../threads/statement-turns.ts";
import {
  cutMatchProjects,
  type ListedProject,
  type ProjectScope,
  projectScope,
  readListedProjects,
} from "./project-facts.ts";
import { type EncodedBlock, type MatchColumns, NO_MATCHES, type RankInput } from "./rank.task.ts";
import { withSharedBlocks } from "./shared-blocks.ts";
import { volunteerSkillRows, withSpellings } from "./spellings.ts";
import { blockNumbers, indexBlocks, rankOnThread, readBlock } from "./volunteer-blocks.ts";
import { writeMatches } from "./write-matches.ts";

/** Projects whose lists are computed together. */
export const matchRange = z.object({
  projects: projectScope,
  /**
   * Whether to use the index of all volunteers, which the ranges of a run share. For a few projects it is
   * cheaper to read only their skills.
   */
  shared: z.boolean(),
  /** Length of a list without spent candidates (project-facts.ts). */
  keep: z.int(),
});
export type MatchRange = z.infer<typeof matchRange>;

/** The lists of a range before they are stored. */
export type ComputedLists = {
  /** The matched projects of the range, by id. */
  readonly projects: readonly ListedProject[];
  /** Number of projects whose lists one statement stores. */
  readonly projectsPerPiece: number;
  /** Their rows, in pieces of that many projects. */
  readonly pieces: readonly MatchColumns[];
  /** The turn at storing them; null where none is needed. */
  readonly turn: StatementTurn | null;
};

/**
 * A third of a second of work with a million volunteers, writing included. The index passes through the
 * processor cache once for all projects of a range: with 16 of them, each takes a third longer.
 */
const PROJECTS_PER_RANGE = 64;
/** About 10 ms of writing: for times when other work wants the processors. */
const PROJECTS_PER_SMALL_STATEMENT = 4;

/** Cuts all projects into ranges. */
export const cutRanges = async (tx: Tx, keep: number): Promise<MatchRange[]> =>
  (await cutMatchProjects(tx, PROJECTS_PER_RANGE)).map((projects) => ({ projects, shared: true, keep }));

/** The range of one project. */
export const rangeOfProject = (id: string, keep: number): MatchRange => ({
  projects: { ids: [id] },
  shared: false,
  keep,
});

export type MatchCounts = {
  readonly projects: number;
  /** Rows on all lists. */
  readonly matches: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
};

/**
 * Computes the lists of a range of a full run, and takes the turn at storing them. It may wait long for
 * threads and for its turn, so no transaction is open.
 */
export async function computeLists(context: ComputeContext, range: MatchRange): Promise<ComputedLists> {
  const { compute, signal } = context;
  const projects = await context.read((tx) => readListedProjects(tx, range.projects, range.keep));
  const projectsPerPiece = compute.turns.isCrowded() ? PROJECTS_PER_SMALL_STATEMENT : PROJECTS_PER_RANGE;
  const pieces = await withSharedBlocks(context, (blocks) => {
    const input: RankInput = {
      blocks,
      projects,
      skillCounts: null,
      projectsPerPiece,
    };
    return rankOnThread<MatchColumns[]>(compute.threads, "rankProjects", input, signal);
  });
  return { projects, projectsPerPiece, pieces, turn: await compute.turns.take(signal) };
}

/**
 * Computes the lists of a few projects in the transaction that stores them: it holds `lockSingleLists`, and
 * has to see what the last holder of that lock wrote.
 */
export async function computeAlone(
  { tx, compute, signal }: JobContext,
  range: MatchRange,
): Promise<ComputedLists> {
  const { threads } = compute;
  const projects = await readListedProjects(tx, range.projects, range.keep);
  const required = [...new Set(projects.flatMap(({ requiredSkillIds }) => requiredSkillIds))].map(String);
  const skillIds = await withSpellings(tx, required);
  const locations = projects.some(({ remote, location }) => !remote && location !== null);
  const encoded: EncodedBlock[] = [];
  for (const number of await blockNumbers(tx))
    encoded.push(await readBlock(tx, { number, skillIds, locations }));
  const blocks = await indexBlocks(threads, encoded, signal);
  // These blocks hold the required skills alone, so the number of all skills is read for those who are on a
  // list.
  const ids = await rankOnThread<number[]>(threads, "rankedVolunteers", { blocks, projects }, signal);
  const skillCounts = await countSkills(tx, ids);
  const input: RankInput = { blocks, projects, skillCounts, projectsPerPiece: PROJECTS_PER_RANGE };
  return {
    projects,
    projectsPerPiece: PROJECTS_PER_RANGE,
    pieces: await rankOnThread<MatchColumns[]>(threads, "rankProjects", input, signal),
    turn: null,
  };
}

async function countSkills(tx: Tx, ids: readonly number[]): Promise<Map<number, number>> {
  const counted = await rows<{ id: string; n: number }>(
    tx,
    sql`select volunteer_id as id, count(*)::int as n
        from ${volunteerSkillRows(sql`s.volunteer_id = any(${array(ids)}::bigint[])`)} s group by volunteer_id`,
  );
  return new Map(counted.map(({ id, n }) => [Number(id), n]));
}

/** Stores the differences from the stored lists, and ends the turn. */
export async function storeLists(
  { tx, now, signal }: Pick<JobContext, "tx" | "now" | "signal">,
  range: MatchRange,
  { projects, projectsPerPiece, pieces, turn }: ComputedLists,
): Promise<MatchCounts> {
  const counts = { projects: projects.length, matches: 0, added: 0, changed: 0, removed: 0 };
  try {
    for (const [index, scope] of statementScopes(range.projects, projects, projectsPerPiece).entries()) {
      if (index > 0) await turn?.pause(signal);
      const columns = pieces[index] ?? NO_MATCHES;
      const written = await writeMatches(tx, { scope, columns, projects }, now);
      counts.matches += columns.projectIds.length;
      counts.added += written.added;
      counts.changed += written.changed;
      counts.removed += written.removed;
    }
  } finally {
    turn?.end();
  }
  return counts;
}

/**
 * The part of a range that each statement updates. Together they cover all of it, so that lists of closed
 * projects are removed too.
 */
function statementScopes(
  scope: ProjectScope,
  projects: readonly ListedProject[],
  projectsPerPiece: number,
): ProjectScope[] {
  if ("ids" in scope || projects.length === 0) return [scope];
  const firsts = projects.filter((_, index) => index % projectsPerPiece === 0).map(({ id }) => String(id));
  const bounds = [scope.from, ...firsts.slice(1), scope.to];
  return bounds.slice(1).map((to, index) => ({ from: bounds[index] as string, to }));
}
