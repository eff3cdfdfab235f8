import { sql } from "drizzle-orm";
import { array, rows, type Tx } from "../db/client.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import type { MatchProject } from "../scoring/match.ts";
import type { MatchColumns } from "../scoring/match-rows.ts";
import type { PackedBlock } from "../scoring/skill-block.ts";
import { paceOf } from "./pace.ts";
import { cutProjects, type ProjectScope, readProjects } from "./project-facts.ts";
import { sharedBlocks } from "./shared-blocks.ts";
import { blockNumbers, onThread, packBlocks, readBlock } from "./volunteer-blocks.ts";
import { writeMatches } from "./write-matches.ts";

/**
 * Some projects whose lists are worked out. `whole`: with the index of all volunteers, which the ranges of a run share; otherwise with
 * one of those skills alone, which is the shorter way for a few projects.
 */
export type MatchRange = { readonly projects: ProjectScope; readonly whole: boolean; readonly keep: number };

/** What was found for a range. */
export type FoundMatches = { readonly projects: number; readonly columns: MatchColumns };

/**
 * So many projects take a third of a second where a million volunteers are, written rows included. The index comes from memory once for
 * all of them: with a quarter of that, each takes a third longer.
 */
const PROJECTS_PER_RANGE = 64;

/** Ranges over all projects there are. */
export const cutRanges = async (tx: Tx, keep: number): Promise<MatchRange[]> =>
  (await cutProjects(tx, PROJECTS_PER_RANGE)).map((projects) => ({ projects, whole: true, keep }));

export type RangeCounts = {
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
  const blocks = await sharedBlocks(context);
  const projects = await context.read((tx) => readProjects(tx, range.projects));
  const ask = { blocks, projects, keep: range.keep, skillCounts: null };
  const columns = await onThread<MatchColumns>(threads, "rankProjects", ask, signal);
  await paceOf(threads).turn(signal);
  return { projects: projects.length, columns };
}

/**
 * Works out the lists of a few projects within the transaction that stores them: whoever holds its lock sees every change that another
 * such run has made.
 */
export async function findAlone(context: JobContext, range: MatchRange): Promise<FoundMatches> {
  const projects = await readProjects(context.tx, range.projects);
  return { projects: projects.length, columns: await rankAlone(context, projects, range.keep) };
}

/** Writes what is different, and lets the next range have its turn. */
export async function storeMatches(
  { tx, threads, now }: JobContext,
  range: MatchRange,
  { projects, columns }: FoundMatches,
): Promise<RangeCounts> {
  try {
    const written = await writeMatches(tx, range.projects, columns, now);
    return { projects, matches: columns.projectIds.length, ...written };
  } finally {
    if (range.whole) paceOf(threads).end();
  }
}

/** The index holds the skills of these projects alone, so how many skills each candidate has is asked for apart. */
async function rankAlone(
  { tx, threads, signal }: JobContext,
  projects: readonly MatchProject[],
  keep: number,
): Promise<MatchColumns> {
  const skillIds = [...new Set(projects.flatMap(({ requiredSkillIds }) => requiredSkillIds))].map(String);
  const places = projects.some(({ remote, place }) => !remote && place !== null);
  const packed: PackedBlock[] = [];
  for (const number of await blockNumbers(tx)) packed.push(await readBlock(tx, { number, skillIds, places }));
  const blocks = await packBlocks(threads, packed, signal);
  const ids = await onThread<number[]>(threads, "rankedVolunteers", { blocks, projects, keep }, signal);
  const skillCounts = await countSkills(tx, ids);
  return onThread<MatchColumns>(threads, "rankProjects", { blocks, projects, keep, skillCounts }, signal);
}

async function countSkills(tx: Tx, ids: readonly number[]): Promise<Map<number, number>> {
  const counted = await rows<{ id: string; n: number }>(
    tx,
    sql`select volunteer_id as id, count(*)::int as n from volunteer_skills
        where volunteer_id = any(${array(ids)}::bigint[]) group by volunteer_id`,
  );
  return new Map(counted.map(({ id, n }) => [Number(id), n]));
}
