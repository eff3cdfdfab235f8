import { defineArea } from "./area.ts";
import { share, userId, whole } from "./fields.ts";

export const matching = defineArea({
  title: "Volunteers and projects",
  variables: {
    TOP_K_CANDIDATES: whole(10, 1, 1_000).describe(
      "Maximum number of candidates that one run notifies about a project.",
    ),
    MIN_MATCH_SCORE: share("0.6").describe("Lowest score, from 0 to 1, that a candidate is notified about."),
    MATCHES_PER_PROJECT: whole(200, 1, 1_000).describe("How many candidates of a project are kept."),
    SYSTEM_USER_ID: userId("00000000-0000-0000-0000-000000000000").describe(
      "Sender of automated messages: number or public uuid of a user. The migrations create the default.",
    ),
  },
  read: (v) => ({
    matching: {
      /** Maximum number of candidates that one run notifies about a project. */
      topCandidates: v.TOP_K_CANDIDATES,
      /** Candidates are not notified about a match below this score, from 0 to 1. */
      minimumScore: v.MIN_MATCH_SCORE,
      /** How many candidates of a project are kept. */
      matchesPerProject: v.MATCHES_PER_PROJECT,
      /** The sender of automated messages: number or public uuid of a user. */
      systemUser: v.SYSTEM_USER_ID,
    },
  }),
});
