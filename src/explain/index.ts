import { type ReferencedTable, resolveReference } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { resolvePosting } from "../postings/posting-references.ts";
import { explainAward } from "./award.ts";
import { explainCommission } from "./commission.ts";
import { type Explain, type Explanation, withReferences } from "./explanation.ts";
import { explainFeedItem } from "./feed-item.ts";
import { explainMatch } from "./match.ts";
import { explainMultiplier } from "./multiplier.ts";
import { explainPair } from "./pair.ts";
import { explainRecommendation } from "./recommendation.ts";

export const EXPLAINED = [
  "award",
  "commission",
  "feed",
  "match",
  "multiplier",
  "pair",
  "recommendation",
] as const;
export type Explained = (typeof EXPLAINED)[number];

const EXPLAIN: Readonly<Record<Explained, Explain>> = {
  award: explainAward,
  commission: explainCommission,
  feed: explainFeedItem,
  match: explainMatch,
  multiplier: explainMultiplier,
  pair: explainPair,
  recommendation: explainRecommendation,
};

/** The form of the ids of each kind, for help texts. */
export const EXPLAINED_IDS: Readonly<Record<Explained, string>> = {
  award: "<periodId> or <periodId>:<profileId>",
  commission: "<saleId> or <saleId>:<level>",
  feed: "<userId>:<postId>",
  match: "<projectId>:<volunteerId>",
  multiplier: "<profileId> or <profileId>@<instant>",
  pair: "<userId>:<candidateId>",
  recommendation: "<userId>:<postingId>",
};

/** The tables that the parts of an id refer to; null for ids of our own. */
const ID_PARTS: Readonly<
  Record<Explained, { separator: string; tables: readonly (ReferencedTable | "jobs" | null)[] }>
> = {
  award: { separator: ":", tables: [null, "volunteer_profiles"] },
  commission: { separator: ":", tables: [null, null] },
  feed: { separator: ":", tables: ["users", "posts"] },
  match: { separator: ":", tables: ["projects", "users"] },
  multiplier: { separator: "@", tables: ["volunteer_profiles"] },
  pair: { separator: ":", tables: ["users", "users"] },
  recommendation: { separator: ":", tables: ["users", "jobs"] },
};

/**
 * Recomputes a stored figure from its stored inputs. In the id, rows of the host are referred to by its ids.
 * @returns undefined if there is none with this id.
 */
export async function explain(on: Queryable, kind: Explained, id: string): Promise<Explanation | undefined> {
  const ownId = await resolveId(on, kind, id);
  return ownId === null ? undefined : explainOwn(on, kind, { ownId, id });
}

/**
 * `explain` for an id whose parts are ours: a number that is one could be the host's id of another row.
 *
 * @param id the same as a host would write it, for the answer.
 */
export async function explainOwn(
  on: Queryable,
  kind: Explained,
  { ownId, id }: { readonly ownId: string; readonly id: string },
): Promise<Explanation | undefined> {
  const explanation = await EXPLAIN[kind](on, ownId);
  return explanation && { ...(await withReferences(on, explanation)), id };
}

async function resolveId(on: Queryable, kind: Explained, id: string): Promise<string | null> {
  const { separator, tables } = ID_PARTS[kind];
  const parts = await Promise.all(
    id.split(separator).map(async (part, index) => {
      const table = tables[index];
      if (table === "jobs") return (await resolvePosting(on, part)) ?? part;
      return table ? resolveReference(on, table, part) : part;
    }),
  );
  return parts.includes(null) ? null : parts.join(separator);
}
