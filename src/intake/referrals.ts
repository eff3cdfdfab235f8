import { sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import { buyerNumberOf } from "../rewards/buyers.ts";
import { distributeCommission } from "../workers/commissions/distribute-commission.ts";

export type JoinRequest = {
  readonly userId: string;
  readonly referralCode: string;
  /** Refuses a code of any other organization. Without it, the code's organization is used. */
  readonly organizationId?: string | undefined;
};

export type JoinRefusal = "unknown-code" | "no-profile" | "already-referred" | "circle" | "self";

export type Joined =
  | { readonly kind: "joined"; readonly profileId: string; readonly referrerId: string }
  | { readonly kind: "refused"; readonly code: JoinRefusal; readonly message: string };

const REFUSALS: Record<JoinRefusal, string> = {
  "unknown-code": "No profile has this referral code. Check the eight letters and digits.",
  "no-profile": "You have no volunteer profile in this code's organization. Join the organization first.",
  "already-referred": "You already have a referrer, and it cannot be changed.",
  circle: "You referred this person, directly or through others, so they cannot be your referrer.",
  self: "You cannot refer yourself.",
};

const refused = (code: JoinRefusal): Joined => ({ kind: "refused", code, message: REFUSALS[code] });

/**
 * Makes the owner of a referral code the referrer of a user's profile, once. Refused if it would close a
 * cycle of referrers. `upline` is maintained by a trigger. The user's unresolved sales are enqueued again.
 */
export async function joinReferral(tx: Tx, request: JoinRequest): Promise<Joined> {
  const [referrer] = await rows<{ id: string; userId: string; organizationId: string }>(
    tx,
    sql`select id, user_id as "userId", organization_id as "organizationId" from volunteer_profiles
        where referral_code = ${request.referralCode.toUpperCase()}`,
  );
  if (!referrer || (request.organizationId ?? referrer.organizationId) !== referrer.organizationId)
    return refused("unknown-code");
  if (referrer.userId === request.userId) return refused("self");
  const [profile] = await rows<{ id: string; referrerId: string | null }>(
    tx,
    sql`select id, referrer_id as "referrerId" from volunteer_profiles
        where user_id = ${request.userId} and organization_id = ${referrer.organizationId} for no key update`,
  );
  if (!profile) return refused("no-profile");
  if (profile.referrerId !== null) return refused("already-referred");
  if (!(await setReferrer(tx, profile.id, referrer.id))) return refused("circle");
  await tx.execute(
    sql`insert into referrals (profile_id, referrer_id, by_user_id) values (${profile.id}, ${referrer.id}, ${request.userId})`,
  );
  await enqueueUnresolvedSales(tx, request.userId);
  return { kind: "joined", profileId: profile.id, referrerId: referrer.id };
}

/** @returns false when it would close a cycle. The savepoint keeps the caller's transaction usable. */
async function setReferrer(tx: Tx, profileId: string, referrerId: string): Promise<boolean> {
  try {
    await tx.transaction((savepoint) =>
      savepoint.execute(
        sql`update volunteer_profiles set referrer_id = ${referrerId}, referred_at = now() where id = ${profileId}`,
      ),
    );
    return true;
  } catch (error) {
    if (databaseFault(error)?.constraint === "volunteer_profiles_no_circle") return false;
    throw error;
  }
}

async function enqueueUnresolvedSales(tx: Tx, userId: string): Promise<void> {
  const waiting = await rows<{ saleId: string }>(
    tx,
    sql`select id as "saleId" from token_sales where status = 'unresolved' and buyer_user_id = ${buyerNumberOf(userId)} order by id limit 1000`,
  );
  await enqueueMany(tx, distributeCommission, waiting);
}
