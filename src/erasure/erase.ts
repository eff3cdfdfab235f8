import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { discardMailings } from "./mailings.ts";
import type { Erased, ErasedUser, Rule } from "./rule.ts";
import { ERASURE_RULES } from "./rules.ts";

/** Rows per range of a table that no index leads into: a fraction of a second. */
const PER_RANGE = 50_000n;

/** A rule of a table: the whole of it, or its rows with ids from `from` up to but not including `to`. */
export const erasureRange = z.object({
  table: z.string(),
  rule: z.int(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  references: z.array(z.string()),
});
export type ErasureRange = z.infer<typeof erasureRange>;

type Carried = Extract<Rule, { where: unknown }> & { readonly where: (person: ErasedUser) => SQL };

/** The rules that are carried out by statements, with their table and index. */
const CARRIED = Object.entries(ERASURE_RULES).flatMap(([table, rules]) =>
  rules.flatMap((rule, index) =>
    rule.does === "keep" || rule.where === null ? [] : [{ table, index, rule: rule as Carried }],
  ),
);

/**
 * Begins the erasure: from here on nothing is sent to the user, and no reference resolves to the user.
 *
 * @returns the user with their references; null if there is no such user, or no longer.
 */
export async function beginErasure(
  tx: Tx,
  userId: string,
): Promise<(ErasedUser & { mailings: string[] }) | null> {
  const [user] = await rows<{ hostId: string | null; publicId: string; name: string; email: string | null }>(
    tx,
    sql`select host_id as "hostId", public_id as "publicId", name, email from users
        where id = ${userId} and erased_at is null for update`,
  );
  if (!user) return null;
  const mailings = await discardMailings(tx, user);
  if (user.hostId !== null) {
    await tx.execute(
      sql`insert into erased_users (hash) values (sha256(convert_to(${user.hostId}, 'UTF8'))) on conflict do nothing`,
    );
  }
  await tx.execute(sql`update users set erased_at = now(), name = '', email = null where id = ${userId}`);
  const references = [user.hostId ?? userId, user.publicId];
  return { userId, profileIds: await profilesOf(tx, userId), references, mailings };
}

/** Everything to erase, in ranges that do not depend on each other. */
export async function cutErasure(tx: Tx, person: ErasedUser): Promise<ErasureRange[]> {
  const ranges: ErasureRange[] = [];
  for (const { table, index, rule } of CARRIED) {
    const references = rule.byReference ? [...person.references] : [];
    const whole = { table, rule: index, from: null, to: null, references };
    if (rule.scan) for (const span of await spansOf(tx, table)) ranges.push({ ...whole, ...span });
    else ranges.push(whole);
  }
  return ranges;
}

/** Carries out one range. @returns the rows by table. */
export async function eraseRange(tx: Tx, userId: string, range: ErasureRange): Promise<Erased> {
  const { table, from, to, references } = range;
  const rule = ERASURE_RULES[table]?.[range.rule] as Carried;
  const person = { userId, profileIds: await profilesOf(tx, userId), references };
  const within = from === null ? sql`true` : sql`r.id >= ${from} and r.id < ${to}`;
  if (rule.run) return rule.run(tx, person, within);
  const where = sql`where ${within} and ${rule.where(person)}`;
  const name = sql.identifier(table);
  const erased = await tx.execute(
    rule.set ? sql`update ${name} r set ${rule.set(person)} ${where}` : sql`delete from ${name} r ${where}`,
  );
  return erased.rowCount ? { [table]: erased.rowCount } : {};
}

/** The ranges with rows that were written while the others were carried out; not those that are scanned. */
export async function remainingRanges(tx: Tx, userId: string): Promise<ErasureRange[]> {
  const person = { userId, profileIds: await profilesOf(tx, userId), references: [] };
  const ranges: ErasureRange[] = [];
  for (const { table, index, rule } of CARRIED) {
    if (rule.scan) continue;
    const left = (rule.left ?? rule.where)(person);
    const found = await rows(tx, sql`select 1 from ${sql.identifier(table)} r where ${left} limit 1`);
    if (found.length > 0) ranges.push({ table, rule: index, from: null, to: null, references: [] });
  }
  return ranges;
}

async function profilesOf(tx: Tx, userId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from volunteer_profiles where user_id = ${userId}`,
  );
  return found.map(({ id }) => id);
}

async function spansOf(tx: Tx, table: string): Promise<{ from: string; to: string }[]> {
  const [ids] = await rows<{ first: string | null; last: string | null }>(
    tx,
    sql`select min(id)::text as first, max(id)::text as last from ${sql.identifier(table)}`,
  );
  if (!ids || ids.first === null || ids.last === null) return [];
  const spans: { from: string; to: string }[] = [];
  for (let from = BigInt(ids.first); from <= BigInt(ids.last); from += PER_RANGE)
    spans.push({ from: String(from), to: String(from + PER_RANGE) });
  return spans;
}
