import { setImmediate as nextIteration } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonList, readJsonList } from "../../../src/ports/requests/json-list.ts";

/** What JSON.parse finds. */
function reference(text: string, key: string | null): JsonList {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { fault: "no-json" };
  }
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  const list = key === null ? document : isObject ? (document as Record<string, unknown>)[key] : undefined;
  if (!Array.isArray(list)) return { fault: "no-list" };
  const rest = key === null ? [] : { ...(document as object), [key]: [] };
  return { items: list as unknown[], rest };
}

describe("the list of a JSON document", () => {
  it("is what JSON.parse finds, with any values around it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(null, "jobs", ""),
        fc.nat(4),
        async (items, others, key, indent) => {
          const text = JSON.stringify(key === null ? items : { ...others, [key]: items }, null, indent);
          expect(await readJsonList(text, key)).toEqual(reference(text, key));
        },
      ),
    );
  });

  it("is what JSON.parse finds, or nothing, in any text", async () => {
    const piece = fc.constantFrom(
      ...[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "\\",
        '"jobs"',
        '"a"',
        "1",
        " ",
        "[]",
        '"jobs":[',
        "{}",
        '"\\""',
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.constantFrom(null, "jobs"),
        async (pieces, key) => {
          const text = pieces.join("");
          expect(await readJsonList(text, key)).toEqual(reference(text, key));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['{"jobs": [1], "jobs": [2, 3]}', { items: [2, 3], rest: { jobs: [] } }],
    ['{"jobs": [1], "jobs": 2}', { fault: "no-list" }],
    ['{"jobs": [1, 2', { fault: "no-json" }],
    ['{"jobs": [1,]}', { fault: "no-json" }],
    ['{"jobs": [{"a": 1], "b": [2}]}', { fault: "no-json" }],
    ['["jobs", [1]]', { fault: "no-list" }],
    ["<!doctype html><p>[1, 2]", { fault: "no-json" }],
    ["", { fault: "no-json" }],
  ])("is read as JSON.parse reads it: %s", async (text, found) => {
    expect(await readJsonList(text, "jobs")).toEqual(found);
  });

  it("of megabytes leaves the event loop between its portions", async () => {
    const item = { title: 'A "title", [with] marks', text: "x".repeat(5_000) };
    const text = JSON.stringify({ jobs: Array(1_000).fill(item) });
    let iterations = 0;
    let isRead = false;
    const counting = (async () => {
      while (!isRead) {
        await nextIteration();
        iterations++;
      }
    })();
    const list = await readJsonList(text, "jobs");
    isRead = true;
    await counting;
    expect("items" in list && list.items).toHaveLength(1_000);
    // Five million characters are ten portions.
    expect(iterations).toBeGreaterThanOrEqual(10);
  });
});
