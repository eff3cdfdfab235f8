import { sql } from "drizzle-orm";
import { resolveReference } from "../db/references.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";

/** The facts of a user that operators see. */
export type UserCard = {
  /** Ours. */
  readonly id: string;
  readonly hostId: string | null;
  readonly name: string;
  readonly email: string | null;
  readonly timeZone: string | null;
  readonly createdAt: Date;
  readonly lastActiveAt: Date | null;
  /** Since when they are not notified, mailed or matched. */
  readonly deactivatedAt: Date | null;
  /** The profiles of their organizations. */
  readonly profiles: readonly {
    readonly id: string;
    readonly organization: string;
    readonly level: number;
    readonly multiplier: string;
  }[];
};

type CardRow = Omit<UserCard, "createdAt" | "lastActiveAt" | "deactivatedAt"> & {
  createdAt: string;
  lastActiveAt: string | null;
  deactivatedAt: string | null;
};

const FOUND = 20;

/**
 * The users that a text identifies, by our ids: a host's id, an id or public uuid of ours, or an e-mail
 * address, which several may have. Erased users are not found.
 */
export async function findUsers(on: Queryable, text: string): Promise<string[]> {
  const id = await resolveReference(on, "users", text);
  if (id !== null) return [id];
  if (!text.includes("@") || !isStorable(text)) return [];
  const found = await rows<{ id: string }>(
    on,
    sql`select id from users where lower(email) = lower(${text}) and erased_at is null order by id limit ${FOUND}`,
  );
  return found.map(({ id }) => id);
}

/** Reads users by our ids, in the order of the ids. */
export async function readUserCards(on: Queryable, ids: readonly string[]): Promise<UserCard[]> {
  if (ids.length === 0) return [];
  const found = await rows<CardRow>(
    on,
    sql`select u.id, u.host_id as "hostId", u.name, u.email, u.time_zone as "timeZone", u.created_at as "createdAt",
               u.last_active_at as "lastActiveAt", u.deactivated_at as "deactivatedAt",
               coalesce((select jsonb_agg(jsonb_build_object('id', coalesce(p.host_id, p.id::text), 'organization', o.name, 'level', p.level,
                                                             'multiplier', p.activity_multiplier::text) order by p.id)
                         from volunteer_profiles p join organizations o on o.id = p.organization_id where p.user_id = u.id), '[]') as profiles
        from users u where u.id = any(${array(ids)}::bigint[]) and u.erased_at is null order by u.id`,
  );
  const date = (instant: string | null) => (instant === null ? null : new Date(instant));
  return found.map((row) => ({
    ...row,
    createdAt: new Date(row.createdAt),
    lastActiveAt: date(row.lastActiveAt),
    deactivatedAt: date(row.deactivatedAt),
  }));
}
