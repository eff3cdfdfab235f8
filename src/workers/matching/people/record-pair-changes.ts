import { z } from "zod";
import { ownIdField } from "../../../ids.ts";
import { recordChanges } from "../../../people/changes.ts";
import { forgetAbsent } from "../../../people/forget-absent.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, type Outcome } from "../../../queues/outcome.ts";
import { placePairs } from "./place-pairs.ts";

/** Follows the events of people: those who changed at the same time are placed together. */
export const recordPairChanges = defineJob({
  name: "record-pair-changes",
  queue: "matching",
  description: "Records which users changed, for place-pairs, and deletes the results of those who left.",
  payload: z.object({ userId: ownIdField().describe("the user who changed") }),
  key: ({ userId }) => userId,
  batch: { size: 2_000 },
  runBatch: async (payloads, { tx }): Promise<Outcome[]> => {
    const userIds = payloads.map(({ userId }) => userId);
    await forgetAbsent(tx, userIds);
    await recordChanges(tx, userIds);
    await enqueue(tx, placePairs, {});
    return payloads.map(() => done());
  },
});
