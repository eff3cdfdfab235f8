import { defineArea } from "./area.ts";
import { textMatching, url } from "./fields.ts";

export const redis = defineArea({
  title: "Redis",
  variables: {
    REDIS_URL: url("redis", "rediss")
      .meta({ example: "redis://localhost:6379" })
      .describe("Redis, as `redis://host:6379`, or `rediss://` for TLS."),
    REDIS_PREFIX: textMatching(
      "cw",
      /^[a-z0-9-]{1,40}$/,
      "1 to 40 lower-case letters, digits and hyphens",
    ).describe("Prefix of every key. Deployments that share one Redis need different ones."),
  },
  read: (v) => ({ redisUrl: v.REDIS_URL ?? "", redisPrefix: v.REDIS_PREFIX }),
  faults: ({ REDIS_URL }) => (REDIS_URL ? [] : ["REDIS_URL is not set (redis://host:6379)"]),
});
