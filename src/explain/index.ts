import type { Queryable } from "../db/statement.ts";
import { explainAward } from "./award.ts";
import { explainCommission } from "./commission.ts";
import type { Explain, Explanation } from "./explanation.ts";
import { explainMatch } from "./match.ts";
import { explainMultiplier } from "./multiplier.ts";

export const EXPLAINED = ["award", "commission", "match", "multiplier"] as const;
export type Explained = (typeof EXPLAINED)[number];

const EXPLAIN: Readonly<Record<Explained, Explain>> = {
  award: explainAward,
  commission: explainCommission,
  match: explainMatch,
  multiplier: explainMultiplier,
};

/** What the ids of each kind look like, for people. */
export const EXPLAINED_IDS: Readonly<Record<Explained, string>> = {
  award: "<periodId> or <periodId>:<profileId>",
  commission: "<saleId> or <saleId>:<level>",
  match: "<projectId>:<volunteerId>",
  multiplier: "<profileId> or <profileId>@<instant>",
};

/** Works a stored figure out again from its stored inputs. @returns undefined when there is none of that id. */
export const explain = (on: Queryable, kind: Explained, id: string): Promise<Explanation | undefined> =>
  EXPLAIN[kind](on, id);
