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

/** The form of the ids of each kind, for help texts. */
export const EXPLAINED_IDS: Readonly<Record<Explained, string>> = {
  award: "<periodId> or <periodId>:<profileId>",
  commission: "<saleId> or <saleId>:<level>",
  match: "<projectId>:<volunteerId>",
  multiplier: "<profileId> or <profileId>@<instant>",
};

/** Recomputes a stored figure from its stored inputs. @returns undefined if there is none with this id. */
export const explain = (on: Queryable, kind: Explained, id: string): Promise<Explanation | undefined> =>
  EXPLAIN[kind](on, id);
