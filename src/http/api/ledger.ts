import { Router } from "express";
import { z } from "zod";
import { type ReferralTree, readReferralTrees, type TreeNode } from "../../rewards/referral-tree.ts";
import { isStatementCursor, readStatement } from "../../rewards/statement.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { userAuth, userOf } from "../auth.ts";
import { readQuery, wholeField } from "../validate.ts";

const page = z.object({
  limit: wholeField(1, 200).default(50),
  before: z.string().refine(isStatementCursor, "must be the `next` of the page before").optional(),
});

const tree = z.object({
  depth: wholeField(1, 5).default(5),
  limit: wholeField(1, 1_000).default(200),
});

/**
 * `GET /ledger/me?limit=&before=`: the account of the user of the token, newest first, with its balance.
 * `GET /referrals/tree?depth=&limit=`: whom they referred, in each organization, the nearest first.
 */
export function ledgerRoutes(runtime: Runtime): Router {
  const router = Router();
  const auth = userAuth(runtime);
  router.get("/ledger/me", auth, async (req, res) => {
    const query = readQuery(page, req, res);
    if (query === null) return;
    const { balance, lines, next } = await readStatement(runtime.db.drizzle, userOf(res), query);
    res.set("Cache-Control", "no-store").json({
      balance,
      lines: lines.map(({ id, occurredAt, kind, amount, organizationId, explain }) => ({
        id,
        occurred_at: occurredAt,
        kind,
        amount,
        organization_id: organizationId,
        explain: explain === null ? null : `/api/v1/explain/${explain.replace(":", "/")}`,
      })),
      next,
    });
  });
  router.get("/referrals/tree", auth, async (req, res) => {
    const query = readQuery(tree, req, res);
    if (query === null) return;
    const trees = await readReferralTrees(runtime.db.drizzle, userOf(res), query);
    res.set("Cache-Control", "no-store").json({ trees: trees.map(told) });
  });
  return router;
}

const told = ({ profileId, organizationId, referralCode, upline, children, truncated }: ReferralTree) => ({
  profile_id: profileId,
  organization_id: organizationId,
  referral_code: referralCode,
  upline,
  children: children.map(toldNode),
  truncated,
});

/** What a referrer is told of those below. */
type ToldNode = Record<string, unknown> & { readonly children: readonly ToldNode[] };

const toldNode = ({ profileId, referredAt, children, ...node }: TreeNode): ToldNode => ({
  profile_id: profileId,
  referred_at: referredAt,
  ...node,
  children: children.map(toldNode),
});
