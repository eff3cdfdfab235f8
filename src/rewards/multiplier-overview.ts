import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";

/** Until when the multipliers of an organization are computed. */
export type MultiplierState = {
  readonly organization: string;
  readonly through: Date;
  /** The maximum that they were computed with, in hundredths. */
  readonly maxHundredths: number;
};

/** A change of the multiplier of a profile. */
export type ProfileMultiplier = {
  /** Ours. */
  readonly profileId: string;
  /** The period: activity before it counts. */
  readonly calculatedAt: Date;
  readonly previousHundredths: number;
  readonly multiplierHundredths: number;
};

/** The organizations whose multipliers are the most out of date. */
export async function multiplierStates(on: Queryable, limit: number): Promise<MultiplierState[]> {
  const found = await rows<Omit<MultiplierState, "through"> & { through: string }>(
    on,
    sql`select o.name as organization, w.through, w.max_hundredths as "maxHundredths"
        from multiplier_watermarks w join organizations o on o.id = w.organization_id
        order by w.through, o.id limit ${limit}`,
  );
  return found.map((row) => ({ ...row, through: new Date(row.through) }));
}

const CHANGES = 10;

/** The latest changes of the multipliers of a user's profiles: of each profile the newest ones first. */
export async function multipliersOf(on: Queryable, userId: string): Promise<ProfileMultiplier[]> {
  const found = await rows<Omit<ProfileMultiplier, "calculatedAt"> & { calculatedAt: string }>(
    on,
    sql`select p.id as "profileId", h.calculated_at as "calculatedAt", h.previous_hundredths as "previousHundredths",
               h.multiplier_hundredths as "multiplierHundredths"
        from volunteer_profiles p
        cross join lateral (
          select * from multiplier_history h where h.profile_id = p.id order by h.calculated_at desc limit ${CHANGES}) h
        where p.user_id = ${userId} order by p.id, h.calculated_at desc`,
  );
  return found.map((row) => ({ ...row, calculatedAt: new Date(row.calculatedAt) }));
}
