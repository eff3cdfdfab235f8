import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import type { MatchProject } from "../scoring/project-matching/match.ts";
import { paceOf, type Turn } from "../threads/statement-turns.ts";
import { cutMatchProjects, type ProjectScope, readProjects } from "./project-facts.ts";
import { type MatchColumns, NO_MATCHES, type ReadBlock } from "./rank.task.ts";
import { withSharedBlocks } from "./shared-blocks.ts";
import { blockNumbers, onThread, packBlocks, readBlock } from "./volunteer-blocks.ts";
import { writeMatches } from "./write-matches.ts";

/**
 * Some projects whose lists are worked out. `whole`: with the index of all volunteers, which the ranges of a run share; otherwise with
 * one of those skills alone, which is the shorter way for a few projects.
 */
export type MatchRange = { readonly projects: ProjectScope; readonly whole: boolean; readonly keep: number };

/** What was found for a range: its projects by id, and their rows in pieces that a statement each stores. */
export type FoundMatches = {
  readonly projects: readonly MatchProject[];
  readonly pieces: readonly MatchColumns[];
  /** So many projects make one piece. */
  readonly together: number;
  /** Of a whole run: the turn at storing them, which is taken already. */
  readonly turn: Turn | null;
};

/**
 * So many projects take a third of a second where a million volunteers are, written rows included. The index comes from memory once for
 * all of them: with a quarter of that, each takes a third longer.
 */
const PROJECTS_PER_RANGE = 64;
/** Where others want the processors, so many are stored at once, in a hundredth of a second at most: they feel a longer statement. */
const PROJECTS_PER_STATEMENT = 4;

/** Ranges over all projects there are. */
export const cutRanges = async (tx: Tx, keep: number): Promise<MatchRange[]> =>
  (await cutMatchProjects(tx, PROJECTS_PER_RANGE)).map((projects) => ({ projects, whole: true, keep }));

export type MatchCounts = {
  readonly projects: number;
  readonly matches: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
};

/**
 * Works out the lists of a range of a whole run, and waits for its turn to store them. Threads give way to everything else, so no
 * transaction is held meanwhile.
 */
export async function findMatches(context: ComputeContext, range: MatchRange): Promise<FoundMatches> {
  const { threads, signal } = context;
  const projects = await context.read((tx) => readProjects(tx, range.projects));
  const pace = paceOf(threads);
  const together = pace.isCrowded() ? PROJECTS_PER_STATEMENT : PROJECTS_PER_RANGE;
  const pieces = await withSharedBlocks(context, (blocks) => {
    const ask = { blocks, projects, keep: range.keep, skillCounts: null, together };
    return onThread<MatchColumns[]>(threads, "rankProjects", ask, signal);
  });
  return { projects, pieces, together, turn: await pace.turn(signal) };
}

/**
 * Works out the lists of a few projects within the transaction that stores them: whoever holds its lock sees every change that another
 * such run has made.
 */
export async function findAlone(context: JobContext, range: MatchRange): Promise<FoundMatches> {
  const projects = await readProjects(context.tx, range.projects);
  const pieces = await rankAlone(context, projects, range.keep);
  return { projects, pieces, together: projects.length, turn: null };
}

/** Writes what is different, and lets the next range have its turn. */
export async function storeMatches(
  { tx, now, signal }: JobContext,
  range: MatchRange,
  { projects, pieces, together, turn }: FoundMatches,
): Promise<MatchCounts> {
  const counts = { projects: projects.length, matches: 0, added: 0, changed: 0, removed: 0 };
  try {
    for (const [index, scope] of scopesOf(range.projects, projects, together).entries()) {
      if (index > 0) await turn?.pause(signal);
      const columns = pieces[index] ?? NO_MATCHES;
      const written = await writeMatches(tx, scope, columns, now);
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

/** The part of a scope that each statement brings up to date: together all of it, so that lists of closed projects go too. */
function scopesOf(scope: ProjectScope, projects: readonly MatchProject[], together: number): ProjectScope[] {
  if ("ids" in scope || projects.length === 0) return [scope];
  const firsts = projects.filter((_, index) => index % together === 0).map(({ id }) => String(id));
  const bounds = [scope.from, ...firsts.slice(1), scope.to];
  return bounds.slice(1).map((to, index) => ({ from: bounds[index] as string, to }));
}

/** The index holds the skills of these projects alone, so how many skills each candidate has is asked for apart. */
async function rankAlone(
  { tx, threads, signal }: JobContext,
  projects: readonly MatchProject[],
  keep: number,
): Promise<MatchColumns[]> {
  const skillIds = [...new Set(projects.flatMap(({ requiredSkillIds }) => requiredSkillIds))].map(String);
  const places = projects.some(({ remote, place }) => !remote && place !== null);
  const packed: ReadBlock[] = [];
  for (const number of await blockNumbers(tx)) packed.push(await readBlock(tx, { number, skillIds, places }));
  const blocks = await packBlocks(threads, packed, signal);
  const ids = await onThread<number[]>(threads, "rankedVolunteers", { blocks, projects, keep }, signal);
  const skillCounts = await countSkills(tx, ids);
  const ask = { blocks, projects, keep, skillCounts, together: projects.length };
  return onThread<MatchColumns[]>(threads, "rankProjects", ask, signal);
}

async function countSkills(tx: Tx, ids: readonly number[]): Promise<Map<number, number>> {
  const counted = await rows<{ id: string; n: number }>(
    tx,
    sql`select volunteer_id as id, count(*)::int as n from volunteer_skills
        where volunteer_id = any(${array(ids)}::bigint[]) group by volunteer_id`,
  );
  return new Map(counted.map(({ id, n }) => [Number(id), n]));
}
