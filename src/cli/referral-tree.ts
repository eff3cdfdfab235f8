import type { Command } from "commander";
import { printable } from "../printable.ts";
import { type ReferralTree, readReferralTrees, type TreeNode } from "../rewards/referral-tree.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine } from "./print.ts";
import { requireUserId, USER_ID_FORMS } from "./references.ts";
import type { Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { userId: string; depth: number; limit: number; json?: true };

/** `commonwork referral:tree`: the people whom a volunteer referred, directly and indirectly. */
export function defineReferralTree(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--user-id <id>", `the volunteer: ${USER_ID_FORMS}`);
  command.option("--depth <number>", "how many levels deep", integerOption("--depth", 1, 5), 5);
  command.option(
    "--limit <number>",
    "how many people, nearest first",
    integerOption("--limit", 1, 10_000),
    200,
  );
  jsonFlag(command).action(async ({ userId, depth, limit, json }: Options) => {
    const trees = await withDatabase(terminal, async (db) =>
      readReferralTrees(db.drizzle, await requireUserId(db.drizzle, userId), { depth, limit }),
    );
    if (json) return printJson(terminal, trees);
    if (trees.length === 0) printLine(terminal, "This user has no volunteer profile.");
    for (const tree of trees) printTree(terminal, tree);
  });
}

function printTree(terminal: Terminal, tree: ReferralTree): void {
  const { profileId, organizationId, referralCode, upline } = tree;
  const referrers = upline.length === 0 ? "no referrer" : `referred by ${upline.join(" < ")}`;
  printLine(
    terminal,
    `profile ${profileId} of organization ${organizationId}, code ${referralCode}, ${referrers}`,
  );
  for (const node of tree.children) printNode(terminal, node);
  if (tree.children.length === 0) printLine(terminal, "  no referrals yet");
  if (tree.truncated) printLine(terminal, "  truncated: raise --limit");
}

function printNode(terminal: Terminal, node: TreeNode): void {
  const name = node.name ? ` ${printable(node.name)}` : "";
  const facts = [`level ${node.level}`, `referred ${node.referred}`, `commissions ${node.earned}`];
  printLine(terminal, `${"  ".repeat(node.depth)}profile ${node.profileId}${name}: ${facts.join(", ")}`);
  for (const child of node.children) printNode(terminal, child);
}
