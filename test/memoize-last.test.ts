import { expect, test } from "vitest";
import { memoizeLast } from "../src/memoize-last.ts";

test("is made again only when it is given something else", () => {
  const made: string[] = [];
  const joined = memoizeLast((list: readonly string[], end: string) => {
    made.push(end);
    return list.join("") + end;
  });
  const list = ["a", "b"];
  expect([joined(list, "."), joined(list, "."), joined(list, "!")]).toEqual(["ab.", "ab.", "ab!"]);
  expect(made).toEqual([".", "!"]);
  expect(joined(["a", "b"], "!")).toBe("ab!");
  expect(made).toHaveLength(3);
});

test("keeps a result that is undefined, and compares NaN as the same", () => {
  let calls = 0;
  const nothing = memoizeLast((_given: number): undefined => {
    calls += 1;
  });
  nothing(Number.NaN);
  nothing(Number.NaN);
  expect(calls).toBe(1);
});
