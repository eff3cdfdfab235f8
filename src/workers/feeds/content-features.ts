import { z } from "zod";
import { chunksOf } from "../../feeds/chunks.ts";
import { postsWithoutFeatures, storeFeatures } from "../../feeds/content-features.ts";
import { ownIdField } from "../../ids.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";

/** Computes the topics and the quality of posts. */
export const contentFeatures = defineJob({
  name: "content-features",
  queue: "feeds",
  description:
    "Computes topics, quality and language of the posts of the last seven days that lack them or were edited.",
  payload: z.object({
    postId: ownIdField().optional().describe("of this post only"),
    batchSize: z.int().min(1).max(1_000).default(50).describe("posts per transaction"),
  }),
  key: ({ postId }) => (postId === undefined ? "all" : `post:${postId}`),
  range: z.object({ postIds: z.array(z.string()) }),
  counts: z.object({ posts: z.int().optional() }),
  cut: async ({ postId, batchSize }, { tx, now }) => {
    const postIds = postId === undefined ? await postsWithoutFeatures(tx, now) : [postId];
    return chunksOf(postIds, batchSize).map((chunk) => ({ postIds: chunk }));
  },
  run: async ({ postIds }, { tx, now }) => done({ posts: await storeFeatures(tx, postIds, now) }),
  sum: async (_payload, counts) => done({ posts: 0, ...counts }),
});
