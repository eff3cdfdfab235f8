import type { Command } from "commander";
import { type ReferralTree, readReferralTrees, type TreeNode } from "../rewards/referral-tree.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";
import { knownUserIdOf } from "./users.ts";
import { withDatabase } from "./with-runtime.ts";

type Options = { userId: string; depth: number; limit: number; json?: true };

/** `commonwork referral:tree`: whom a volunteer brought, directly and through others. */
export function addReferralTree(program: Command, terminal: Terminal): void {
  const command = program
    .command("referral:tree")
    .description("show whom a volunteer referred, directly and through others");
  mandatoryFlag(command, "--user-id <id>", "the volunteer: number or public uuid");
  command.option("--depth <number>", "how many levels", wholeNumber("--depth", 1, 5), 5);
  command.option(
    "--limit <number>",
    "how many people, the nearest first",
    wholeNumber("--limit", 1, 10_000),
    200,
  );
  jsonFlag(command).action(async ({ userId, depth, limit, json }: Options) => {
    const trees = await withDatabase(terminal, async (db) =>
      readReferralTrees(db.drizzle, await knownUserIdOf(db.drizzle, userId), { depth, limit }),
    );
    if (json) return printJson(terminal, trees);
    if (trees.length === 0) printLine(terminal, "This user has no volunteer profile.");
    for (const tree of trees) printTree(terminal, tree);
  });
}

function printTree(terminal: Terminal, tree: ReferralTree): void {
  const { profileId, organizationId, referralCode, upline } = tree;
  const above = upline.length === 0 ? "referred by nobody" : `referred by ${upline.join(" < ")}`;
  printLine(
    terminal,
    `profile ${profileId} of organization ${organizationId}, code ${referralCode}, ${above}`,
  );
  for (const node of tree.children) printNode(terminal, node);
  if (tree.children.length === 0) printLine(terminal, "  nobody yet");
  if (tree.truncated) printLine(terminal, "  and more (--limit)");
}

function printNode(terminal: Terminal, node: TreeNode): void {
  const name = node.name ? ` ${node.name}` : "";
  const facts = [`level ${node.level}`, `referred ${node.referred}`, `brought in ${node.earned}`];
  printLine(terminal, `${"  ".repeat(node.depth)}profile ${node.profileId}${name}: ${facts.join(", ")}`);
  for (const child of node.children) printNode(terminal, child);
}
