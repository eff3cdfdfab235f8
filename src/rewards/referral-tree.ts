import { sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { referencesTo } from "../db/references.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { formatAmount } from "../scoring/money.ts";

/** A volunteer in a referral tree. Amounts are decimal tokens, ids the host's where there are any. */
export type TreeNode = {
  readonly profileId: string;
  /** The display name, of direct referrals only. */
  readonly name: string | null;
  /** 1 for direct referrals. */
  readonly depth: number;
  readonly referredAt: Date | null;
  readonly level: number;
  /** How many volunteers they have referred, whether listed or not. */
  readonly referred: number;
  /** The amount that the root has earned from their purchases. */
  readonly earned: string;
  readonly children: TreeNode[];
};

export type ReferralTree = {
  readonly profileId: string;
  readonly organizationId: string;
  readonly referralCode: string;
  /** The referrers of the root, nearest first. */
  readonly upline: readonly string[];
  readonly children: readonly TreeNode[];
  /** True when the limit cut off some. */
  readonly truncated: boolean;
};

export type TreeOptions = {
  /** Levels below the root; commissions reach five. */
  readonly depth: number;
  readonly limit: number;
};

const MAX_DEPTH = 5;

type RootRow = { profileId: string; organizationId: string; referralCode: string; upline: string[] };
type NodeRow = Omit<TreeNode, "children"> & { referrerId: string; earned: string; referredAt: string | null };

/** The trees below the profiles of a user, one for each organization. */
export async function readReferralTrees(
  on: Queryable,
  userId: string,
  options: TreeOptions,
): Promise<ReferralTree[]> {
  const roots = await rows<RootRow>(
    on,
    sql`select id as "profileId", organization_id as "organizationId", referral_code as "referralCode", upline::text[] as upline
        from volunteer_profiles where user_id = ${userId} order by id`,
  );
  const trees: ReferralTree[] = [];
  // A user is in a handful of organizations.
  for (const root of roots) trees.push(await growTree(on, root, options));
  return trees;
}

async function growTree(on: Queryable, root: RootRow, { depth, limit }: TreeOptions): Promise<ReferralTree> {
  const found = await readBranch(on, root.profileId, Math.min(depth, MAX_DEPTH), limit + 1);
  const shown = found.slice(0, limit);
  const { organizationId, profileId, referralCode, upline } = root;
  const organization = await referencesTo(on, "organizations", [organizationId]);
  const profile = await referencesTo(on, "volunteer_profiles", [
    profileId,
    ...upline,
    ...shown.map((row) => row.profileId),
  ]);
  const nodes = new Map<string, TreeNode>();
  const children: TreeNode[] = [];
  // Nearest first, so the referrer of each listed volunteer is listed too.
  for (const { referrerId, ...row } of shown) {
    const node: TreeNode = {
      ...row,
      profileId: profile(row.profileId),
      referredAt: row.referredAt === null ? null : hostInstant(row.referredAt),
      earned: formatAmount(BigInt(row.earned)),
      children: [],
    };
    nodes.set(row.profileId, node);
    (nodes.get(referrerId)?.children ?? children).push(node);
  }
  return {
    organizationId: organization(organizationId),
    profileId: profile(profileId),
    referralCode,
    upline: upline.map(profile),
    children,
    truncated: found.length > limit,
  };
}

/** Ordered by level, so that the limit cuts off the farthest. */
const readBranch = (on: Queryable, profileId: string, depth: number, limit: number): Promise<NodeRow[]> =>
  rows<NodeRow>(
    on,
    sql`with recursive branch as (
          select p.id, p.referrer_id, p.user_id, p.referred_at, p.level, 1 as depth
          from volunteer_profiles p where p.referrer_id = ${profileId}
          union all
          select p.id, p.referrer_id, p.user_id, p.referred_at, p.level, b.depth + 1
          from volunteer_profiles p join branch b on p.referrer_id = b.id where b.depth < ${depth}),
        shown as (select * from branch order by depth, id limit ${limit})
        select s.id as "profileId", s.referrer_id as "referrerId", case when s.depth = 1 then u.name end as name, s.depth,
               s.referred_at as "referredAt", s.level,
               (select count(*)::int from volunteer_profiles r where r.referrer_id = s.id) as referred,
               (select coalesce(sum(c.amount_micro - c.reversed_micro), 0)::text from commissions c join token_sales t on t.id = c.sale_id
                where c.beneficiary_id = ${profileId} and c.status = 'earned' and t.profile_id = s.id) as earned
        from shown s join users u on u.id = s.user_id order by s.depth, s.id`,
  );
