import { setImmediate as nextIteration } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  createGroupCommit,
  type GroupCommit,
  GroupCommitClosed,
  GroupCommitFull,
} from "../../src/db/group-commit.ts";

/** A writer that waits for `open()` before each result, and records its groups. */
function writer(fail: (items: readonly string[]) => Error | undefined = () => undefined) {
  const groups: string[][] = [];
  let gate = Promise.resolve();
  let open = () => {};
  return {
    groups,
    shut() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    open: () => open(),
    write: async (items: readonly string[]) => {
      groups.push([...items]);
      await gate;
      const error = fail(items);
      if (error) throw error;
      return items.map((item) => `${item}!`);
    },
  };
}

/** Submits the first item, and the others while it is being written. */
async function oneThenOthers(intake: GroupCommit<string, string>, items: readonly string[]) {
  const answers = items.slice(0, 1).map((item) => intake.submit(item));
  await nextIteration();
  answers.push(...items.slice(1).map((item) => intake.submit(item)));
  // Each is awaited later; until then a rejection must not count as unhandled.
  for (const answer of answers) answer.catch(() => undefined);
  return answers;
}

const limits = { maxGroup: 100, maxWaiting: 100 };
const absent = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

describe("groups", () => {
  test("a single item is written within one iteration of the event loop", async () => {
    const { write, groups } = writer();
    const intake = createGroupCommit({ write, ...limits });
    const answer = intake.submit("a");
    await nextIteration();
    expect(groups).toEqual([["a"]]);
    expect(await answer).toBe("a!");
  });

  test("items that arrive in one iteration are one group", async () => {
    const { write, groups } = writer();
    const intake = createGroupCommit({ write, ...limits });
    await Promise.all(["a", "b", "c"].map((item) => intake.submit(item)));
    expect(groups).toEqual([["a", "b", "c"]]);
  });

  test("while one write is under way the next group collects", async () => {
    const { write, groups, shut, open } = writer();
    shut();
    const intake = createGroupCommit({ write, ...limits });
    const answers = await oneThenOthers(intake, ["a", "b", "c"]);
    open();
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!"]);
    expect(groups).toEqual([["a"], ["b", "c"]]);
    expect(await intake.submit("d")).toBe("d!");
  });

  test("two groups may be written at once, while the next one collects", async () => {
    const { write, groups, shut, open } = writer();
    shut();
    const intake = createGroupCommit({ write, ...limits, atOnce: 2 });
    const answers = [];
    for (const item of ["a", "b", "c", "d"]) {
      answers.push(intake.submit(item));
      await nextIteration();
    }
    expect(groups).toEqual([["a"], ["b"]]);
    open();
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!", "d!"]);
    expect(groups).toEqual([["a"], ["b"], ["c", "d"]]);
    expect(await intake.submit("e")).toBe("e!");
  });

  test("a group is no larger than its limit", async () => {
    const { write, groups } = writer();
    const intake = createGroupCommit({ write, maxGroup: 2, maxWaiting: 100 });
    await Promise.all(["a", "b", "c", "d", "e"].map((item) => intake.submit(item)));
    expect(groups).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });
});

describe("failures", () => {
  test("the failing item fails alone, the others succeed", async () => {
    const { write, groups, shut, open } = writer((items) =>
      items.includes("bad") ? new Error("bad one") : undefined,
    );
    shut();
    const intake = createGroupCommit({ write, ...limits });
    const answers = await oneThenOthers(intake, ["first", "a", "b", "bad", "c", "d"]);
    open();
    const settled = await Promise.allSettled(answers);
    expect(settled.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason)))).toEqual([
      "first!",
      "a!",
      "b!",
      "Error: bad one",
      "c!",
      "d!",
    ]);
    expect(groups).toEqual([
      ["first"],
      ["a", "b", "bad", "c", "d"],
      ["a", "b", "bad"],
      ["a", "b"],
      ["bad"],
      ["c", "d"],
    ]);
    expect(await intake.submit("after")).toBe("after!");
  });

  test("an unreachable Postgres rejects every item at once, and is tried again for the next", async () => {
    let down = true;
    const { write, groups, shut, open } = writer(() => (down ? absent() : undefined));
    shut();
    const intake = createGroupCommit({ write, maxGroup: 2, maxWaiting: 100 });
    const answers = await oneThenOthers(intake, ["a", "b", "c", "d"]);
    open();
    const settled = await Promise.allSettled(answers);
    expect(settled.map((one) => one.status)).toEqual(Array(4).fill("rejected"));
    expect(groups).toEqual([["a"]]);
    down = false;
    expect(await intake.submit("e")).toBe("e!");
  });

  test("losing Postgres during the halving rejects the rest", async () => {
    const { write, groups, shut, open } = writer((items) => {
      if (items.length === 4) return new Error("some fault");
      return items.length === 2 ? absent() : undefined;
    });
    shut();
    const intake = createGroupCommit({ write, ...limits });
    const answers = await oneThenOthers(intake, ["first", "a", "b", "c", "d"]);
    open();
    const settled = await Promise.allSettled(answers);
    expect(settled.filter((one) => one.status === "rejected")).toHaveLength(4);
    expect(groups).toEqual([["first"], ["a", "b", "c", "d"], ["a", "b"]]);
  });

  test("too few results are an error, not an endless wait", async () => {
    const intake = createGroupCommit<string, string>({ write: async () => [], ...limits });
    await expect(intake.submit("a")).rejects.toThrow(/wrong number of results/);
  });
});

describe("limits", () => {
  test("an item beyond the limit is rejected at once", async () => {
    const { write, shut, open } = writer();
    shut();
    const intake = createGroupCommit({ write, maxGroup: 10, maxWaiting: 2 });
    const answers = await oneThenOthers(intake, ["a", "b", "c"]);
    await expect(intake.submit("d")).rejects.toBeInstanceOf(GroupCommitFull);
    open();
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!"]);
  });

  test("closing settles accepted items and accepts no more", async () => {
    const { write, shut, open } = writer();
    shut();
    const intake = createGroupCommit({ write, ...limits });
    const answers = await oneThenOthers(intake, ["a", "b"]);
    const closed = intake.close();
    await expect(intake.submit("c")).rejects.toBeInstanceOf(GroupCommitClosed);
    open();
    await closed;
    expect(await Promise.all(answers)).toEqual(["a!", "b!"]);
  });
});
