import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { array, rows } from "../../db/statement.ts";
import { inTransaction, type Tx } from "../../db/transaction.ts";
import { depthsOf, ORGANIZATIONS, type PlannedVolunteer, planCommunity } from "./community-plan.ts";

/** A member of the community, with ids. */
export type Member = {
  readonly userId: string;
  readonly profileId: string;
  readonly name: string;
  readonly isReferred: boolean;
};

export type Community = {
  readonly members: readonly Member[];
  readonly organizationIds: readonly string[];
  /** The depth of the deepest referral tree. */
  readonly greatestDepth: number;
  /** From this id on there are no users. */
  readonly unknownUserIdsFrom: number;
};

const DAY_MS = 24 * 3_600_000;
const NAME_PREFIX = "Demo: ";
/** The volunteer, counted from 1, who reads German. They are a newcomer who is let in (demo-mail.ts). */
const GERMAN_READER = 2;
/** Far above what an identity column has drawn, far below the largest exact JSON number. */
const UNKNOWN_FROM = 1_000_000_000;

/** The database contains data that is not from a demo. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";
  constructor() {
    super(
      "DATABASE_URL names a database with organizations that the demo did not create. Use an empty database, or unset DATABASE_URL.",
    );
  }
}

/**
 * Creates a planned community: users, organizations, profiles with referrers, all backdated. @throws
 * DatabaseInUse
 */
export async function createCommunity(
  db: Database,
  options: { size: number; seed: number; now: Date },
): Promise<Community> {
  return inTransaction(db, async (tx) => {
    await refuseForeignDatabase(tx);
    // A second community in the same database needs other referral codes, so another seed.
    const plan = planCommunity(options.size, options.seed + (await greatestUserId(tx)), options.now);
    const organizationIds = await insertOrganizations(tx, options.now);
    const userIds = await drawIds(tx, "users", plan.length);
    const profileIds = await drawIds(tx, "volunteer_profiles", plan.length);
    await insertUsers(tx, plan, userIds);
    await insertProfiles(tx, plan, { organizationIds, userIds, profileIds });
    await insertMembers(tx, profileIds);
    const members = plan.map((volunteer, index) => ({
      userId: userIds[index] as string,
      profileId: profileIds[index] as string,
      name: volunteer.name,
      isReferred: volunteer.referrer !== null,
    }));
    const unknownUserIdsFrom = Math.max(UNKNOWN_FROM, await greatestUserId(tx)) + 1;
    return { members, organizationIds, greatestDepth: Math.max(...depthsOf(plan)), unknownUserIdsFrom };
  });
}

async function refuseForeignDatabase(tx: Tx): Promise<void> {
  const [found] = await rows<{ foreign: boolean }>(
    tx,
    sql`select exists (select 1 from organizations where name not like ${`${NAME_PREFIX}%`}) as "foreign"`,
  );
  if (found?.foreign) throw new DatabaseInUse();
}

/** Their budgets have been due for a while: see `budgetsWaitDays`. */
async function insertOrganizations(tx: Tx, now: Date): Promise<string[]> {
  const from = ORGANIZATIONS.map(({ budgetsWaitDays: days }) => new Date(now.getTime() - days * DAY_MS));
  const inserted = await rows<{ id: string }>(
    tx,
    sql`insert into organizations (name, time_zone, budgets_from)
        select * from unnest(${array(ORGANIZATIONS.map(({ name }) => name))}::text[],
                             ${array(ORGANIZATIONS.map(({ timeZone }) => timeZone))}::text[],
                             ${array(from.map((at) => at.toISOString()))}::timestamptz[])
        returning id`,
  );
  return inserted.map(({ id }) => id);
}

async function drawIds(tx: Tx, table: string, count: number): Promise<string[]> {
  const drawn = await rows<{ id: string }>(
    tx,
    sql`select nextval(pg_get_serial_sequence(${table}, 'id')) as id from generate_series(1, ${count})`,
  );
  return drawn.map(({ id }) => id);
}

async function insertUsers(
  tx: Tx,
  plan: readonly PlannedVolunteer[],
  userIds: readonly string[],
): Promise<void> {
  const names = plan.map(({ name }) => name);
  const joined = plan.map(({ joinedAt }) => joinedAt.toISOString());
  await tx.execute(
    sql`insert into users (id, name, email, language, created_at)
        select id, name, 'volunteer' || id || '@people.example', case when n = ${GERMAN_READER} then 'de' end, joined
        from unnest(${array(userIds)}::bigint[], ${array(names)}::text[], ${array(joined)}::timestamptz[])
          with ordinality as v(id, name, joined, n)`,
  );
  await tx.execute(
    sql`insert into volunteers (user_id, created_at)
        select * from unnest(${array(userIds)}::bigint[], ${array(joined)}::timestamptz[])`,
  );
}

/** In the order of joining: the trigger of each row reads the referrer written by an earlier row. */
async function insertProfiles(
  tx: Tx,
  plan: readonly PlannedVolunteer[],
  ids: { organizationIds: readonly string[]; userIds: readonly string[]; profileIds: readonly string[] },
): Promise<void> {
  const column = <T>(read: (volunteer: PlannedVolunteer) => T) => array(plan.map(read));
  await tx.execute(
    sql`insert into volunteer_profiles (id, user_id, organization_id, referrer_id, referral_code, created_at, referred_at)
        select * from unnest(
          ${array(ids.profileIds)}::bigint[], ${array(ids.userIds)}::bigint[],
          ${column((v) => ids.organizationIds[v.organization])}::bigint[],
          ${column((v) => (v.referrer === null ? null : ids.profileIds[v.referrer]))}::bigint[],
          ${column((v) => v.referralCode)}::text[], ${column((v) => v.joinedAt.toISOString())}::timestamptz[],
          ${column((v) => (v.referrer === null ? null : v.joinedAt.toISOString()))}::timestamptz[])`,
  );
}

/** Volunteers are members of their organization. */
async function insertMembers(tx: Tx, profileIds: readonly string[]): Promise<void> {
  await tx.execute(
    sql`insert into organization_members (organization_id, user_id)
        select organization_id, user_id from volunteer_profiles where id = any(${array(profileIds)}::bigint[])
        on conflict do nothing`,
  );
}

async function greatestUserId(tx: Tx): Promise<number> {
  const [greatest] = await rows<{ id: string }>(tx, sql`select coalesce(max(id), 0) as id from users`);
  return Number(greatest?.id ?? 0);
}
