import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { type ReferralTree, readReferralTrees, type TreeNode } from "../../rewards/referral-tree.ts";
import { isStatementCursor, readStatement } from "../../rewards/statement.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { integerField, validateQuery } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

export const statementPage = z.object({
  limit: integerField(1, 200).default(50),
  before: z.string().refine(isStatementCursor, "must be the `next` of the previous page").optional(),
});

export const treeQuery = z.object({
  depth: integerField(1, 5).default(5),
  limit: integerField(1, 1_000).default(200),
});

/**
 * `GET /ledger/me?limit=&before=`: the transactions of the authenticated user, newest first, and the balance.
 * `GET /referrals/tree?depth=&limit=`: whom they referred, per organization, nearest first.
 */
export function ledgerRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.get("/ledger/me", auth, async (req, res) => {
    const query = validateQuery(statementPage, req, res);
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
    const query = validateQuery(treeQuery, req, res);
    if (query === null) return;
    const trees = await readReferralTrees(runtime.db.drizzle, userOf(res), query);
    res.set("Cache-Control", "no-store").json({ trees: trees.map(treeResponse) });
  });
  return router;
}

const treeResponse = ({
  profileId,
  organizationId,
  referralCode,
  upline,
  children,
  truncated,
}: ReferralTree) => ({
  profile_id: profileId,
  organization_id: organizationId,
  referral_code: referralCode,
  upline,
  children: children.map(nodeResponse),
  truncated,
});

type NodeResponse = Record<string, unknown> & { readonly children: readonly NodeResponse[] };

const nodeResponse = ({ profileId, referredAt, children, ...node }: TreeNode): NodeResponse => ({
  profile_id: profileId,
  referred_at: referredAt,
  ...node,
  children: children.map(nodeResponse),
});
