import type { World } from "./world.ts";

let drawn = 0;

export type Person = { userId: string; profileId: string };

/** Long ago, since commissions of young profiles are held. */
const SETTLED = "2020-01-01T00:00:00Z";

export async function organization(world: World, fields: { timeZone?: string } = {}): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    "insert into organizations (name, time_zone) values ('Helpers', $1) returning id",
    [fields.timeZone ?? null],
  );
  return (row as { id: string }).id;
}

/** A user with a profile in the organization, optionally with a referrer. */
export async function volunteer(
  world: World,
  fields: {
    organizationId: string;
    referrer?: Person;
    createdAt?: string;
    referredAt?: string;
    userId?: string;
  },
): Promise<Person> {
  const createdAt = fields.createdAt ?? SETTLED;
  const [user] = await world.query<{ id: string }>(
    fields.userId
      ? "insert into users (id, created_at) values ($2, $1) on conflict (id) do update set created_at = excluded.created_at returning id"
      : "insert into users (created_at) values ($1) returning id",
    fields.userId ? [createdAt, fields.userId] : [createdAt],
  );
  const userId = (user as { id: string }).id;
  drawn += 1;
  const [profile] = await world.query<{ id: string }>(
    `insert into volunteer_profiles (user_id, organization_id, referrer_id, referral_code, created_at, referred_at)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [
      userId,
      fields.organizationId,
      fields.referrer?.profileId ?? null,
      referralCode(drawn),
      createdAt,
      fields.referrer ? (fields.referredAt ?? createdAt) : null,
    ],
  );
  return { userId, profileId: (profile as { id: string }).id };
}

/** Eight uppercase alphanumerics, unique within the process. */
export const referralCode = (n: number): string => n.toString(36).toUpperCase().padStart(8, "0");

/** A referral chain: each person was referred by the one before. */
export async function chain(world: World, organizationId: string, length: number): Promise<Person[]> {
  const people: Person[] = [];
  for (let i = 0; i < length; i++) {
    const referrer = people.at(-1);
    people.push(await volunteer(world, { organizationId, ...(referrer ? { referrer } : {}) }));
  }
  return people;
}

export async function balanceOf(world: World, person: Person): Promise<string> {
  const [row] = await world.query<{ balance: string }>(
    `select b.balance_micro::text as balance from ledger_balances b join ledger_accounts a on a.id = b.account_id where a.profile_id = $1`,
    [person.profileId],
  );
  return row?.balance ?? "0";
}
