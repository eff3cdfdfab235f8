import { type ReferencedTable, referencesTo } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";

/** One step of a calculation: the name of the figure and how it follows. */
export type Step = { readonly what: string; readonly how: string };

/** A stored figure, recomputed from the inputs stored with it. */
export type Explanation = {
  readonly kind: "award" | "commission" | "multiplier" | "match" | "pair" | "recommendation" | "feed";
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

/**
 * Refers to a row of the host in a text of an explanation. `withReferences` replaces it by the id that the
 * host knows it by.
 */
export const rowOf = (table: ReferencedTable, id: string): string => `\u27e6${table}:${id}\u27e7`;

const ROW = /\u27e6(\w+):(\d+)\u27e7/g;

/** The explanation with the host's ids, or ours where there are none, instead of references to rows. */
export async function withReferences(on: Queryable, explanation: Explanation): Promise<Explanation> {
  const { title, faults, steps } = explanation;
  const texts = [title, ...faults, ...steps.flatMap(({ what, how }) => [what, how])];
  const ids = groupBy(
    texts.flatMap((text) => [...text.matchAll(ROW)]),
    ([, table]) => table as ReferencedTable,
  );
  const names = new Map<string, string>();
  for (const [table, found] of ids) {
    const nameOf = await referencesTo(
      on,
      table,
      found.map(([, , id = ""]) => id),
    );
    for (const [row, , id = ""] of found) names.set(row, nameOf(id));
  }
  const written = (text: string): string => text.replace(ROW, (row) => names.get(row) ?? row);
  return {
    ...explanation,
    title: written(title),
    faults: faults.map(written),
    steps: steps.map(({ what, how }) => step(written(what), written(how))),
  };
}

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
