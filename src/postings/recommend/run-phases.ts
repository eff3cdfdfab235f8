import type { Tx } from "../../db/transaction.ts";
import type { UserScope } from "../../db/user-scope.ts";
import type { Counts } from "../../queues/outcome.ts";
import { cutTexts } from "./embed-range.ts";
import type { RecommendRange } from "./recommend-range.ts";

export type Phase = {
  readonly model: string | null;
  readonly asOf: Date;
  /** The users whose lists are computed. */
  readonly users: readonly UserScope[];
  /** As in the ranges of lists. */
  readonly since: string | null;
};

/**
 * The next phase once weights of skills are stored: with an endpoint of embeddings the vectors of texts, then
 * the lists, then none.
 *
 * @param counts of the run so far.
 * @returns null when the lists are computed.
 */
export async function nextRanges(
  tx: Tx,
  counts: Counts,
  { model, asOf, users, since }: Phase,
): Promise<RecommendRange[] | null> {
  if (counts["users"] !== undefined) return null;
  if (model !== null && counts["embedded"] === undefined) return cutTexts(tx, users, asOf);
  return users.map((scope) => ({ users: scope, since }));
}
