import { sql } from "drizzle-orm";
import { array, rows, type Tx } from "../db/client.ts";
import type { Threads } from "../queues/threads.ts";
import { BLOCK_SIZE, type PackedBlock, type PackedSkill, type SkillBlock } from "../scoring/skill-block.ts";

const TASKS = new URL(
  `../scoring/match-rows.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Calls a task of src/scoring/match-rows.ts on a thread. */
export const onThread = <Answer>(threads: Threads, task: string, input: unknown, signal: AbortSignal) =>
  threads.call<Answer>(TASKS, task, input, signal);

const SIZE = sql.raw(String(BLOCK_SIZE));
/** `id << 10 | thousandths` of the lowest bits of an id: what a posting is. */
const WORD = sql`int4send(((s.volunteer_id % ${SIZE}) << 10)::int | (s.weight * 1000)::int)`;

/** Which volunteers are read, and what of them. */
export type BlockScope = {
  /** From the block of this number on. */
  readonly from: number;
  /** Not included; null: to the end. */
  readonly to: number | null;
  /** Null: all their skills. */
  readonly skillIds: readonly string[] | null;
  readonly places: boolean;
};

/** Reads the visible skills of volunteers, packed by the server: a row a skill and block instead of one a skill and person. */
export async function readBlocks(tx: Tx, scope: BlockScope): Promise<PackedBlock[]> {
  const { from, to, skillIds, places } = scope;
  const end = to === null ? "9223372036854775807" : String(to * BLOCK_SIZE);
  const within = sql`s.volunteer_id >= ${String(from * BLOCK_SIZE)}::bigint and s.volunteer_id < ${end}::bigint`;
  const chosen = skillIds === null ? sql`true` : sql`s.skill_id = any(${array(skillIds)}::bigint[])`;
  // A statement of a second is not worth being compiled.
  await tx.execute(sql`set local jit = off`);
  const skills = await rows<{ number: string; skillId: string; words: Buffer }>(
    tx,
    sql`select s.volunteer_id / ${SIZE} as number, s.skill_id as "skillId", string_agg(${WORD}, ''::bytea) as words
        from volunteer_skills s join volunteers v on v.user_id = s.volunteer_id
        where ${within} and ${chosen} and v.skills_visible
        group by 1, 2`,
  );
  const byNumber = new Map<number, { skills: PackedSkill[]; places: Uint8Array }>();
  for (const { number, skillId, words } of skills) {
    const block = byNumber.get(Number(number)) ?? { skills: [], places: new Uint8Array() };
    block.skills.push({ skillId: Number(skillId), words });
    byNumber.set(Number(number), block);
  }
  if (places)
    for (const { number, records } of await readPlaces(tx, within, chosen)) {
      const block = byNumber.get(Number(number));
      if (block) block.places = records;
    }
  return [...byNumber].sort(([a], [b]) => a - b).map(([number, block]) => ({ number, ...block }));
}

type Places = { number: string; records: Buffer };

const readPlaces = (
  tx: Tx,
  within: ReturnType<typeof sql>,
  chosen: ReturnType<typeof sql>,
): Promise<Places[]> =>
  rows<Places>(
    tx,
    sql`select v.user_id / ${SIZE} as number,
               string_agg(int4send((v.user_id % ${SIZE})::int) || float8send(v.latitude) || float8send(v.longitude), ''::bytea) as records
        from volunteers v
        where v.skills_visible and v.latitude is not null
          and exists (select 1 from volunteer_skills s where s.volunteer_id = v.user_id and ${within} and ${chosen})
        group by 1`,
  );

/** The numbers of the blocks that hold anybody with a skill: one look into the index for each. */
export async function blockNumbers(tx: Tx): Promise<number[]> {
  const found = await rows<{ number: string }>(
    tx,
    sql`with recursive block as (
          select min(volunteer_id) / ${SIZE} as number from volunteer_skills
          union all
          select (select min(volunteer_id) / ${SIZE} from volunteer_skills where volunteer_id >= (block.number + 1) * ${SIZE})
          from block where block.number is not null)
        select number from block where number is not null order by number`,
  );
  return found.map(({ number }) => Number(number));
}

/** Makes the index of blocks that were read, on threads. */
export const packBlocks = (
  threads: Threads,
  packed: readonly PackedBlock[],
  signal: AbortSignal,
): Promise<SkillBlock[]> =>
  Promise.all(packed.map((block) => onThread<SkillBlock>(threads, "packBlock", block, signal)));
