import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { FORMULA_VERSION } from "../../scoring/postings/recommend/score-posting.ts";
import { SKILLS, vocabularyVersion } from "../../scoring/postings/skills/vocabulary.ts";

/** Stored weights of skills. */
export type StoredRarity = { readonly id: string; readonly weights: Uint8Array };

/**
 * The version of lists computed with these weights by this version of the service.
 *
 * @param model that embeddings are of; null for the formula without them.
 */
export const algoVersionOf = ({ id }: Pick<StoredRarity, "id">, model: string | null): string =>
  [FORMULA_VERSION, vocabularyVersion(), id, ...(model === null ? [] : [model])].join(".");

/** The parts of a version; null unless formula and vocabulary are those of this version of the service. */
export function versionParts(
  algoVersion: string | null,
): { readonly rarityId: string; readonly model: string | null } | null {
  const [formula, vocabulary, rarityId, ...model] = (algoVersion ?? "").split(".");
  if (formula !== String(FORMULA_VERSION) || vocabulary !== vocabularyVersion() || rarityId === undefined)
    return null;
  return { rarityId, model: model.length === 0 ? null : model.join(".") };
}

/** The latest weights of this vocabulary; null before the first full run. */
export async function latestRarity(on: Queryable): Promise<StoredRarity | null> {
  const [found] = await rows<{ id: string; weights: Buffer }>(
    on,
    sql`select id, weights from skill_rarities where vocabulary = ${vocabularyVersion()} order by id desc limit 1`,
  );
  return found ?? null;
}

/** The weights with this id, if they are of this vocabulary; null otherwise. */
export async function rarityWithId(on: Queryable, id: string): Promise<StoredRarity | null> {
  const [found] = await rows<{ id: string; weights: Buffer }>(
    on,
    sql`select id, weights from skill_rarities where vocabulary = ${vocabularyVersion()} and id::text = ${id}`,
  );
  return found ?? null;
}

/**
 * Stores weights unless they are the latest, and the names of the skills. @returns the stored weights.
 */
export async function storeRarity(tx: Tx, weights: Uint8Array): Promise<StoredRarity> {
  const latest = await latestRarity(tx);
  if (latest !== null && Buffer.compare(latest.weights, weights) === 0) return latest;
  const [stored] = await rows<{ id: string }>(
    tx,
    sql`insert into skill_rarities (vocabulary, weights) values (${vocabularyVersion()}, ${sql.param(Buffer.from(weights))}) returning id`,
  );
  await tx.execute(
    sql`insert into skill_names (key, name)
        select * from unnest(${array(SKILLS.map(({ key }) => key))}::int[], ${array(SKILLS.map(({ name }) => name))}::text[])
        on conflict (key) do update set name = excluded.name where skill_names.name <> excluded.name`,
  );
  return { id: (stored as { id: string }).id, weights };
}
