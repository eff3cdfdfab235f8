import { defineArea } from "./area.ts";
import { whole } from "./fields.ts";

const algoVersion = (results: string) =>
  whole(1, 1, 1_000_000).describe(
    `Version of the algorithm of ${results}, which only rises. With a higher one all are recomputed beside the old ones, and replace them when they are complete. A process with a lower one writes none.`,
  );

export const pairs = defineArea({
  title: "People",
  variables: {
    MATCH_ALGO_VERSION: algoVersion("match scores"),
    COMPATIBILITY_ALGO_VERSION: algoVersion("compatibility"),
    TRAIT_ALGO_VERSION: algoVersion("traits"),
  },
  read: (v) => ({
    pairs: {
      matchAlgoVersion: v.MATCH_ALGO_VERSION,
      compatibilityAlgoVersion: v.COMPATIBILITY_ALGO_VERSION,
      traitAlgoVersion: v.TRAIT_ALGO_VERSION,
    },
  }),
});
