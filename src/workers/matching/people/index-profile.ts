import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import { readSearchFacts } from "../../../people/search-facts.ts";
import { computeRows, storeRows } from "../../../people/search-index.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, type Outcome } from "../../../queues/outcome.ts";

/**
 * Follows the events that change how a user is found by search: people whose profiles changed at the same
 * time are indexed in one transaction.
 */
export const indexProfile = defineJob({
  name: "index-profile",
  queue: "matching",
  description: "Updates the search index for users whose profiles changed.",
  payload: z.object({
    userId: ownIdField().describe("the user"),
  }),
  key: ({ userId }) => userId,
  batch: { size: 500 },
  runBatch: async (payloads, { tx, now, settings }): Promise<Outcome[]> => {
    const scope = { ids: [...new Set(payloads.map(({ userId }) => userId))] };
    const options = { threshold: settings.search.completeness, now };
    const computed = await computeRows(await readSearchFacts(tx, scope, options));
    const counts = await storeRows(tx, scope, computed, options);
    // Entries that were processed together are counted once.
    return payloads.map((_, index) => (index === 0 ? done({ ...counts }) : done()));
  },
});
