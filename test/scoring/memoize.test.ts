import { describe, expect, it } from "vitest";
import { keepLast, memoize } from "../../src/scoring/memoize.ts";

describe("a memoized function", () => {
  function counted(limit: number) {
    const calls: string[] = [];
    const lengthOf = memoize((text) => {
      calls.push(text);
      return text === "" ? undefined : text.length;
    }, limit);
    return { calls, lengthOf };
  }

  it("computes each result once, undefined as well", () => {
    const { calls, lengthOf } = counted(10);
    expect(["a", "bb", "a", "", ""].map(lengthOf)).toEqual([1, 2, 1, undefined, undefined]);
    expect(calls).toEqual(["a", "bb", ""]);
  });

  it("remembers no more results than its limit", () => {
    const { calls, lengthOf } = counted(2);
    expect(["a", "bb", "ccc", "a"].map(lengthOf)).toEqual([1, 2, 3, 1]);
    expect(calls).toEqual(["a", "bb", "ccc", "a"]);
  });

  it("does not remember long texts", () => {
    const { calls, lengthOf } = counted(10);
    const [short, long] = ["a".repeat(500), "a".repeat(501)];
    expect([short, long, short, long].map(lengthOf)).toEqual([500, 501, 500, 501]);
    expect(calls).toEqual([short, long, long]);
  });
});

it("the last result is kept for inputs with its key, and no other", () => {
  const opened: string[] = [];
  const open = keepLast(({ key }: { key: string }) => {
    opened.push(key);
    return { key };
  });
  const results = ["a", "a", "b", "a"].map((key) => open({ key }));
  expect(opened).toEqual(["a", "b", "a"]);
  expect(results[0]).toBe(results[1]);
  expect(results[0]).not.toBe(results[3]);
});
