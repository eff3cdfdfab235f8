import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";

export const RANGES = 10_000;

/** A run of ranges that take a second each, in the queue of sales. */
export const slowRun = defineJob({
  name: "slow-run",
  queue: "commissions",
  description: "Has many ranges that take a second each.",
  payload: z.object({}),
  range: z.number(),
  key: () => "all",
  cut: async () => Array.from({ length: RANGES }, (_, index) => index),
  run: async () => {
    await delay(1_000);
    return done({ ranges: 1 });
  },
  sum: async (_payload, counts) => done(counts),
});
