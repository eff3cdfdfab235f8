import type { Queryable } from "../db/statement.ts";

/** One step of a calculation: the name of the figure and how it follows. */
export type Step = { readonly what: string; readonly how: string };

/** A stored figure, recomputed from the inputs stored with it. */
export type Explanation = {
  readonly kind: "award" | "commission" | "multiplier" | "match";
  readonly id: string;
  readonly title: string;
  /** True if the recomputed figures equal the stored ones. */
  readonly agrees: boolean;
  /** Each difference, as text. */
  readonly faults: readonly string[];
  readonly steps: readonly Step[];
  /** The user (`users.id`) the figure belongs to; null if it belongs to several. */
  readonly ownerUserId: string | null;
  /** Other users who may see it. */
  readonly alsoFor?: readonly string[];
};

/** Explains a figure. @returns undefined if there is none with this id. */
export type Explain = (on: Queryable, id: string) => Promise<Explanation | undefined>;

export const step = (what: string, how: string): Step => ({ what, how });

/** One line for each pair that differs. */
export function mismatches(
  pairs: readonly (readonly [name: string, stored: unknown, recomputed: unknown])[],
): string[] {
  return pairs
    .filter(([, stored, recomputed]) => String(stored ?? "none") !== String(recomputed ?? "none"))
    .map(
      ([name, stored, recomputed]) =>
        `${name}: ${stored ?? "none"} is stored, ${recomputed ?? "none"} comes out`,
    );
}

/** Formats 105 as 1.05. */
export const hundredths = (n: number | bigint): string => (Number(n) / 100).toFixed(2);
