import type { Queryable } from "../db/statement.ts";

/** One step of a calculation: what is worked out, and how. */
export type Step = { readonly what: string; readonly how: string };

/** A stored figure, worked out again from the inputs that were stored with it. */
export type Explanation = {
  readonly kind: "award" | "commission" | "multiplier" | "match";
  readonly id: string;
  readonly title: string;
  /** True when what was stored is what comes out again. */
  readonly agrees: boolean;
  /** What does not agree, in words. */
  readonly faults: readonly string[];
  readonly steps: readonly Step[];
  /** Whose figure it is, as `users.id`; null for one that belongs to several. */
  readonly ownerUserId: string | null;
  /** Others whom it concerns, who may see it too. */
  readonly alsoFor?: readonly string[];
};

/** Works a figure out again. @returns undefined when there is no such figure. */
export type Explain = (on: Queryable, id: string) => Promise<Explanation | undefined>;

export const step = (what: string, how: string): Step => ({ what, how });

/** A fault for each pair that differs. */
export function differences(
  pairs: readonly (readonly [name: string, stored: unknown, recomputed: unknown])[],
): string[] {
  return pairs
    .filter(([, stored, recomputed]) => String(stored ?? "none") !== String(recomputed ?? "none"))
    .map(
      ([name, stored, recomputed]) =>
        `${name}: ${stored ?? "none"} is stored, ${recomputed ?? "none"} comes out`,
    );
}

/** 105 is 1.05. */
export const hundredths = (n: number | bigint): string => (Number(n) / 100).toFixed(2);
