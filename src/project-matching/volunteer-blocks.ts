import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { BLOCK_SIZE, type SkillBlock } from "../scoring/project-matching/skill-block.ts";
import type { Threads } from "../threads/threads.ts";
import type { ReadBlock } from "./rank.task.ts";

const TASKS = new URL(`./rank.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** Calls a task of src/project-matching/rank.task.ts on a thread. */
export const onThread = <Answer>(threads: Threads, task: string, input: unknown, signal: AbortSignal) =>
  threads.call<Answer>(TASKS, task, input, signal);

/** Which volunteers are read, and what of them. */
export type BlockScope = {
  readonly number: number;
  /** One of so many equal parts of the block, counted from 0. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Null: all their skills. */
  readonly skillIds: readonly string[] | null;
  readonly places: boolean;
};

/**
 * Reads the visible skills of a block of volunteers, packed by the server: one row instead of one a skill and person. Bounds are given
 * for both tables, so that the server reads of each what belongs to the block. The text is made bytes on the thread that indexes it.
 */
export async function readBlock(tx: Tx, scope: BlockScope): Promise<ReadBlock> {
  const { number, skillIds, places, part = { index: 0, of: 1 } } = scope;
  const size = BLOCK_SIZE / part.of;
  const from = number * BLOCK_SIZE + part.index * size;
  const within = (id: SQL) =>
    sql`${id} >= ${String(from)}::bigint and ${id} < ${String(from + size)}::bigint`;
  const local = (id: SQL) => sql`(${id} & ${sql.raw(String(BLOCK_SIZE - 1))})`;
  const chosen = skillIds === null ? sql`true` : sql`s.skill_id = any(${array(skillIds)}::bigint[])`;
  // A statement of a few hundredths of a second is not worth being compiled.
  await tx.execute(sql`set local jit = off`);
  const [read] = await rows<{ skills: string | null; places: string | null }>(
    tx,
    sql`select (select encode(string_agg(int8send((s.skill_id << 24) | (${local(sql`s.volunteer_id`)} << 10) | (s.weight * 1000)::int), ''::bytea), 'base64')
                from volunteer_skills s join volunteers v on v.user_id = s.volunteer_id
                where ${within(sql`s.volunteer_id`)} and ${within(sql`v.user_id`)} and ${chosen} and v.skills_visible) as skills,
               (select encode(string_agg(int4send(${local(sql`v.user_id`)}::int) || float8send(v.latitude) || float8send(v.longitude), ''::bytea), 'base64')
                from volunteers v
                where ${places} and ${within(sql`v.user_id`)} and v.skills_visible and v.latitude is not null) as places`,
  );
  return { number, skills: [read?.skills ?? ""], places: [read?.places ?? ""] };
}

/** The numbers of the blocks that hold anybody with a skill: one look into the index for each. */
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

/** Makes the index of blocks that were read, on a thread. */
export const packBlocks = (
  threads: Threads,
  read: readonly ReadBlock[],
  signal: AbortSignal,
): Promise<SkillBlock[]> => onThread<SkillBlock[]>(threads, "indexBlocks", read, signal);
