import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readItems, readJson } from "../src/foreign-json.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

describe("readJson", () => {
  it("reads any JSON of moderate depth, and finds nothing wrong with it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
        const text = JSON.stringify(value);
        const read = readJson(text);
        if ("fault" in read) throw new Error(read.fault);
        expect(read.value).toEqual(JSON.parse(text));
        expect(read.faults.filter(({ kind }) => kind !== "text")).toEqual([]);
      }),
    );
  });

  it("never throws, whatever it reads", () => {
    const piece = fc.constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", '"a"', "1", " ", "\0", "\\u0000");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        expect(["fault", "value"]).toContain(Object.keys(readJson(text))[0]);
        expect(Object.keys(readItems(bytes(text), "a"))).toHaveLength(1);
      }),
    );
  });

  it("finds a duplicate key at any depth", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, n) => {
        const [key = ""] = Object.keys(object).slice(n % Object.keys(object).length);
        const text = JSON.stringify({ outer: [object] }).replace(
          /\}\]\}$/,
          () => `, ${JSON.stringify(key)}: 1}]}`,
        );
        const read = readJson(text);
        expect("faults" in read && read.faults.map(({ kind }) => kind)).toContain("duplicate");
      }),
    );
  });

  it("gives the place of each fault", () => {
    const read = readJson('{"a": [1, {"b": "\\u0000", "b": 2}], "c": "\\ud83d\\ude00"}');
    expect("faults" in read && read.faults).toEqual([
      { kind: "text", path: ["a", "1", "b"], fault: "must not contain U+0000 or lone surrogates" },
      { kind: "duplicate", path: ["a", "1", "b"], fault: 'has the duplicate key "b"' },
    ]);
  });

  it("allows 64 levels", () => {
    const faultsAt = (levels: number) => {
      const read = readJson("[".repeat(levels) + "]".repeat(levels));
      return "faults" in read ? read.faults.map(({ kind }) => kind) : null;
    };
    expect(faultsAt(64)).toEqual([]);
    expect(faultsAt(65)).toEqual(["depth"]);
    expect(faultsAt(200_000)).toEqual(["depth"]);
  });
});

describe("readItems", () => {
  it("gives the source of each item of the list", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.nat(4),
        (items, others, indent) => {
          const { list: _, ...rest } = others;
          const read = readItems(bytes(JSON.stringify({ ...rest, list: items }, null, indent)), "list");
          expect("items" in read && read.items.map((text) => JSON.parse(text))).toEqual(
            JSON.parse(JSON.stringify(items)),
          );
        },
      ),
    );
  });

  it("keeps every digit and every space inside of an item", () => {
    expect(readItems(bytes('{"a": {"list": [0]}, "list": [ {"n": 1.10} ,\n"x, ]y" ]}'), "list")).toEqual({
      items: ['{"n": 1.10}', '"x, ]y"'],
    });
  });

  it.each([
    ["nothing", "", /empty/],
    ["no JSON", "{", /not JSON/],
    ["no object", "[1]", /must be an object with the list "list"/],
    ["null", "null", /must be an object/],
    ["no list", '{"list": {"0": 1}}', /must be an object/],
    ["an inherited name", '{"__proto__": {"list": []}}', /must be an object/],
    ["two lists", '{"list": [1], "list": [2]}', /duplicate key/],
    ["a list and before it something else", '{"list": 1, "l\\u0069st": [2]}', /duplicate key/],
  ])("refuses %s", (_, text, fault) => {
    expect(readItems(bytes(text), "list")).toEqual({ fault: expect.stringMatching(fault) });
  });
});
