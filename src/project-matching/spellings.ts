import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { skillNamed } from "../scoring/postings/skills/vocabulary.ts";

/**
 * Records which skills of the host are two spellings of one skill by the vocabulary of recommendations, such
 * as "JS" and "JavaScript". The one with the lowest id represents all of them.
 *
 * @returns the number of skills that changed.
 */
export async function resolveSpellings(tx: Tx): Promise<number> {
  const skills = await rows<{ id: string; name: string; sameAs: string | null }>(
    tx,
    sql`select id, name, same_as as "sameAs" from skills order by id`,
  );
  const firstOf = new Map<number, string>();
  const changed: { id: string; sameAs: string | null }[] = [];
  for (const { id, name, sameAs } of skills) {
    const found = skillNamed(name);
    const first = found < 0 ? undefined : firstOf.get(found);
    if (found >= 0 && first === undefined) firstOf.set(found, id);
    if ((first ?? null) !== sameAs) changed.push({ id, sameAs: first ?? null });
  }
  if (changed.length > 0)
    await tx.execute(
      sql`update skills k set same_as = c.same_as
          from unnest(${array(changed.map(({ id }) => id))}::bigint[], ${array(changed.map(({ sameAs }) => sameAs))}::bigint[]) as c(id, same_as)
          where k.id = c.id`,
    );
  return changed.length;
}

/** The ids of the skills with several spellings, and of these spellings. */
export async function spelledIds(tx: Tx): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from skills where same_as is not null union select same_as from skills where same_as is not null`,
  );
  return found.map(({ id }) => id);
}

/** The ids of skills, and of their other spellings. */
export async function withSpellings(tx: Tx, skillIds: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from skills where same_as = any(${array(skillIds)}::bigint[])`,
  );
  return [...skillIds, ...found.map(({ id }) => id)];
}

/**
 * SQL: rows (volunteer_id, skill_id, weight) of volunteers, a skill in two spellings once, with the greater
 * weight.
 *
 * @param condition on the row `s` of volunteer_skills.
 */
export const volunteerSkillRows = (condition: SQL): SQL => sql`(
  select s.volunteer_id, coalesce(k.same_as, k.id) as skill_id, max(s.weight) as weight
  from volunteer_skills s join skills k on k.id = s.skill_id where ${condition} group by 1, 2)`;

/**
 * SQL: the same for many volunteers: only skills with several spellings are grouped.
 *
 * @param spelled of `spelledIds`.
 */
export const manySkillRows = (condition: SQL, spelled: readonly string[]): SQL =>
  spelled.length === 0
    ? sql`volunteer_skills`
    : sql`(select s.volunteer_id, s.skill_id, s.weight from volunteer_skills s
           where ${condition} and s.skill_id <> all(${array(spelled)}::bigint[])
           union all select * from ${volunteerSkillRows(sql`${condition} and s.skill_id = any(${array(spelled)}::bigint[])`)} g)`;

/** SQL: the ids of the skills that a project requires, each once. @param projectId SQL of an id. */
export const requiredSkillIds = (projectId: SQL): SQL => sql`(
  select distinct coalesce(k.same_as, k.id) as skill_id
  from project_required_skills q join skills k on k.id = q.skill_id where q.project_id = ${projectId})`;

/**
 * SQL: rows (id) of all spellings of a canonical skill, itself included. Two look-ups by index, where `id = x
 * or same_as = x` may be read as a scan of all skills.
 *
 * @param skillId SQL of an id.
 */
export const spellingIds = (skillId: SQL): SQL => sql`(
  select ${skillId} as id union all select k.id from skills k where k.same_as = ${skillId})`;
