import { expect, it } from "vitest";
import { printable, printableJson, printableLines } from "../src/printable.ts";

const HOSTILE = "Ada\u001b]0;owned\u0007\u009b2J\r\n\u202eevil\u2066\u200b\u2028\u{e0041}";

it("control and format characters are replaced in a cell", () => {
  expect(printable(HOSTILE)).toBe(
    "Ada\ufffd]0;owned\ufffd\ufffd2J\ufffd\ufffd\ufffdevil\ufffd\ufffd\ufffd\ufffd",
  );
  expect(printable("Ünïcödé 日本 😀")).toBe("Ünïcödé 日本 😀");
});

it("line breaks stay between lines", () => {
  expect(printableLines("a\tb\nc\r\u001b[1m\n")).toBe("a\tb\nc\ufffd\ufffd[1m\n");
});

it("JSON keeps its value", () => {
  const value = { name: HOSTILE, list: ["\u{e0041}", "😀"] };
  const text = printableJson(JSON.stringify(value, null, 2));
  expect(JSON.parse(text)).toEqual(value);
  expect(printableLines(text)).toBe(text);
});
