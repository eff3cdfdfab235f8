import { type SQL, sql } from "drizzle-orm";
import { IS_VISIBLE } from "../db/candidacy.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { BLOCK_SIZE, type SkillBlock } from "../scoring/project-matching/skill-block.ts";
import type { Threads } from "../threads/threads.ts";
import type { EncodedBlock } from "./rank.task.ts";
import { manySkillRows, spelledIds } from "./spellings.ts";

const TASKS = new URL(`./rank.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** Calls a task of src/project-matching/rank.task.ts on a thread. */
export const rankOnThread = <Result>(threads: Threads, task: string, input: unknown, signal: AbortSignal) =>
  threads.call<Result>(TASKS, task, input, signal);

/** The part of a block to read. */
export type BlockScope = {
  readonly number: number;
  /** One of `of` equal parts of the block, counted from 0; `of` is a power of 2. Default: the whole block. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Null: all skills. */
  readonly skillIds: readonly string[] | null;
  readonly locations: boolean;
};

/**
 * Reads the visible skills and the locations of a block of volunteers as one row that the server encodes,
 * instead of a row per skill. Both tables get the bounds of the block, so that the server reads both by
 * range. The thread that indexes the block decodes it.
 */
export async function readBlock(tx: Tx, scope: BlockScope): Promise<EncodedBlock> {
  const { number, skillIds, locations, part = { index: 0, of: 1 } } = scope;
  const size = BLOCK_SIZE / part.of;
  const from = number * BLOCK_SIZE + part.index * size;
  const within = (id: SQL) =>
    sql`${id} >= ${String(from)}::bigint and ${id} < ${String(from + size)}::bigint`;
  const local = (id: SQL) => sql`(${id} & ${sql.raw(String(BLOCK_SIZE - 1))})`;
  const chosen = skillIds === null ? sql`true` : sql`s.skill_id = any(${array(skillIds)}::bigint[])`;
  const owned = sql`${within(sql`s.volunteer_id`)} and ${chosen}`;
  const skills = manySkillRows(owned, await spelledIds(tx));
  // Compiling takes longer than the statement.
  await tx.execute(sql`set local jit = off`);
  const [read] = await rows<{ skills: string | null; locations: string | null }>(
    tx,
    sql`select (select encode(string_agg(int8send((s.skill_id << 24) | (${local(sql`s.volunteer_id`)} << 10) | (s.weight * 1000)::int), ''::bytea), 'base64')
                from ${skills} s join volunteers v on v.user_id = s.volunteer_id
                where ${within(sql`s.volunteer_id`)} and ${within(sql`v.user_id`)} and ${chosen} and ${IS_VISIBLE}) as skills,
               (select encode(string_agg(int4send(${local(sql`v.user_id`)}::int) || float8send(v.grid_latitude) || float8send(v.grid_longitude), ''::bytea), 'base64')
                from volunteers v
                where ${locations} and ${within(sql`v.user_id`)} and ${IS_VISIBLE} and v.grid_latitude is not null) as locations`,
  );
  return { number, skills: [read?.skills ?? ""], locations: [read?.locations ?? ""] };
}

/** Numbers of the blocks in which anybody has a skill, by one index lookup per block. */
export async function blockNumbers(tx: Tx): Promise<number[]> {
  const size = sql.raw(String(BLOCK_SIZE));
  const found = await rows<{ number: string }>(
    tx,
    sql`with recursive block as (
          select min(volunteer_id) / ${size} as number from volunteer_skills
          union all
          select (select min(volunteer_id) / ${size} from volunteer_skills where volunteer_id >= (block.number + 1) * ${size})
          from block where block.number is not null)
        select number from block where number is not null order by number`,
  );
  return found.map(({ number }) => Number(number));
}

/** Builds the indexes of blocks on a thread. */
export const indexBlocks = (
  threads: Threads,
  encoded: readonly EncodedBlock[],
  signal: AbortSignal,
): Promise<SkillBlock[]> => rankOnThread<SkillBlock[]>(threads, "buildBlocks", encoded, signal);
