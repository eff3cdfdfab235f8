import { describe, expect, it } from "vitest";
import { contextOf, parseContext, recordedFirst, traceIdOf } from "../../src/tracing/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CONTEXT = `00-${TRACE}-00f067aa0ba902b7-01`;

describe("a trace context", () => {
  it("is read and written as a traceparent", () => {
    const parts = { traceId: TRACE, spanId: "00f067aa0ba902b7", flags: 1 };
    expect(parseContext(CONTEXT)).toEqual(parts);
    expect(contextOf(parts)).toBe(CONTEXT);
    expect(traceIdOf(CONTEXT)).toBe(TRACE);
  });

  it.each([
    "",
    "00",
    CONTEXT.toUpperCase(),
    `${CONTEXT} `,
    `${CONTEXT}-more`,
    CONTEXT.replace(TRACE, "0".repeat(32)),
    CONTEXT.replace("00f067aa0ba902b7", "0".repeat(16)),
    `ff${CONTEXT.slice(2)}`,
    "x".repeat(55),
  ])("is not %j", (text) => {
    expect(parseContext(text)).toBeNull();
    expect(traceIdOf(text)).toBeNull();
  });

  it("sorts first if it is recorded, and otherwise keeps its place", () => {
    const [a, b, c] = ["00", "01", "03"].map((flags) => CONTEXT.slice(0, -2) + flags) as [
      string,
      string,
      string,
    ];
    expect(recordedFirst([a, b, a, c], (context) => context)).toEqual([b, c, a, a]);
  });
});
