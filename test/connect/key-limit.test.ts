import { expect, it } from "vitest";
import { fewerKeys, unlessTooSlow } from "../../src/connect/key-limit.ts";

const tooSlow = Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" });
const failing = (error: Error) => () => Promise.reject(error);

it("work that takes too long is tried with a quarter of the keys, and fails with ten", async () => {
  const limits: number[] = [];
  let limit = 10_000;
  const attempt = async () => {
    for (;;) {
      limits.push(limit);
      if ((await unlessTooSlow(failing(tooSlow), limit)) !== null) return;
      limit = fewerKeys(limit);
    }
  };
  await expect(attempt()).rejects.toBe(tooSlow);
  expect(limits).toEqual([10_000, 2_500, 625, 156, 39, 10]);
});

it("other errors are thrown at once", async () => {
  await expect(unlessTooSlow(failing(new Error("lost")), 10_000)).rejects.toThrow("lost");
});
