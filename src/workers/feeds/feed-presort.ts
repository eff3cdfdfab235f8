import { z } from "zod";
import { activeUsers } from "../../feeds/active-users.ts";
import { chunksOf } from "../../feeds/chunks.ts";
import { computeFeeds, presortContext, storeFeeds } from "../../feeds/presort.ts";
import { DEFAULT_SEGMENTS, type NewFeed } from "../../feeds/stored-feeds.ts";
import { ownIdField } from "../../ids.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

const payload = z.object({
  userId: ownIdField()
    .optional()
    .describe("of this user only; default: of all who were active in the last seven days"),
  batchSize: z.int().min(1).max(1_000).default(100).describe("users per transaction"),
  segmentSize: z.int().min(1).max(100).default(DEFAULT_SEGMENTS.segmentSize).describe("items per segment"),
  maxSegments: z.int().min(1).max(20).default(DEFAULT_SEGMENTS.maxSegments).describe("segments per user"),
  incremental: z
    .boolean()
    .default(false)
    .describe("write only the feeds that changed since they were stored"),
});

const range = payload
  .pick({ segmentSize: true, maxSegments: true, incremental: true })
  .extend({ userIds: z.array(z.string()) });
type Range = z.output<typeof range>;

/** Computes the order of feeds ahead of time. */
export const feedPresort = defineJob({
  name: "feed-presort",
  queue: "feeds",
  description: "Computes and stores the feeds of users, best first, so that serving one is a single read.",
  payload,
  // The first range of a run in a process loads the posts of seven days.
  timeLimitMs: 120_000,
  key: ({ userId, incremental }) =>
    (userId === undefined ? "all" : `user:${userId}`) + (incremental ? ":incremental" : ""),
  range,
  counts: z.object({ stored: z.int().optional(), kept: z.int().optional() }),
  cut: async ({ userId, batchSize, ...options }, { tx, now }): Promise<readonly Range[]> => {
    const userIds = userId === undefined ? await activeUsers(tx, now) : [userId];
    return chunksOf(userIds, batchSize).map((chunk) => ({ userIds: chunk, ...options }));
  },
  compute: ({ userIds }: Range, context) => computeFeeds(presortContext(context), userIds),
  run: async ({ userIds: _, ...options }: Range, { tx, now }, feeds: readonly NewFeed[]) =>
    done({ ...(await storeFeeds(tx, feeds, options, now)) }),
  sum: async (_payload, counts) => done({ stored: 0, kept: 0, ...counts }),
});
