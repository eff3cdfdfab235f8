import { expect, it } from "vitest";
import { mapInPortions, stringifyInPortions } from "../src/portions.ts";

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Counts the iterations of the event loop until `work` ends. */
async function iterations(work: Promise<unknown>): Promise<number> {
  let count = 0;
  let ended = false;
  const next = () => {
    count += 1;
    if (!ended) setImmediate(next);
  };
  setImmediate(next);
  await work.finally(() => {
    ended = true;
  });
  return count;
}

it("maps every item, in order", async () => {
  for (const count of [0, 1, 49, 50, 1_000])
    expect(await mapInPortions(numbers(count), (n) => n * 2)).toEqual(numbers(count).map((n) => n * 2));
});

it("yields to the event loop after each portion", async () => {
  // 60 items of 5 ms: two or three fit into a portion of 10 ms.
  const slow = mapInPortions(numbers(60), () => block(5));
  expect(await iterations(slow)).toBeGreaterThanOrEqual(20);
});

it("runs one portion per iteration, however many jobs run concurrently", async () => {
  const beside = Promise.all(numbers(20).map(() => mapInPortions(numbers(50), (n) => n)));
  expect(await iterations(beside)).toBeGreaterThanOrEqual(15);
});

it("does not wait for a few items", async () => {
  expect(await iterations(mapInPortions(numbers(10), () => block(5)))).toBe(0);
});

it("rejects with what an item throws", async () => {
  const failing = mapInPortions(numbers(100), (n) => {
    if (n === 70) throw new Error("item 70");
  });
  await expect(failing).rejects.toThrow("item 70");
  expect(await mapInPortions(numbers(60), (n) => n)).toHaveLength(60);
});

it("writes the JSON of all items", async () => {
  for (const count of [0, 1, 60]) {
    const items = numbers(count).map((n) => ({ n, left: undefined, text: 'a "quoted" ü' }));
    expect(await stringifyInPortions(items, (item) => item)).toBe(JSON.stringify(items));
  }
});
