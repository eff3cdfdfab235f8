import type { ReceivedSpan } from "./otlp-collector.ts";

/** Where a span is drawn, and what is drawn below it. */
type Branch = { readonly span: ReceivedSpan; readonly below: readonly Branch[] };

/**
 * One trace as a tree: roots are spans whose parent was not received. Siblings are in the order of their
 * start.
 */
function branchesOf(spans: readonly ReceivedSpan[]): readonly Branch[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = [...spans].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const below = (parent: string | null): readonly Branch[] =>
    inOrder
      .filter(({ parentSpanId }) =>
        parent === null ? parentSpanId === null || !ids.has(parentSpanId) : parentSpanId === parent,
      )
      .map((span) => ({ span, below: below(span.spanId) }));
  return below(null);
}

/** A trace as an indented list of its spans' names. */
export const spanNames = (spans: readonly ReceivedSpan[]): string[] =>
  linesOf(branchesOf(spans), ({ name }) => name);

/** The same with when each began, how long it took, and its ids. */
export function drawingOf(spans: readonly ReceivedSpan[]): string {
  const begin = Math.min(...spans.map(({ startMs }) => startMs));
  const lines = linesOf(branchesOf(spans), ({ name }) => name);
  const width = Math.max(...lines.map((line) => line.length));
  const ordered = flat(branchesOf(spans));
  return lines
    .map((line, index) => {
      const { startMs, endMs, attributes } = ordered[index] as ReceivedSpan;
      const at = `${(startMs - begin).toFixed(1)} ms`.padStart(10);
      const took = `${(endMs - startMs).toFixed(1)} ms`.padStart(10);
      return `${line.padEnd(width + 2)}${at}${took}  ${shown(attributes)}`.trimEnd();
    })
    .join("\n");
}

const SHOWN = {
  "commonwork.entry": "entry",
  "commonwork.attempt": "attempt",
  "commonwork.done": "done",
  "http.response.status_code": "status",
};

const shown = (attributes: ReceivedSpan["attributes"]): string =>
  Object.entries(SHOWN)
    .filter(([name]) => attributes[name] !== undefined)
    .map(([name, label]) => `${label} ${attributes[name]}`)
    .join(", ");

const linesOf = (branches: readonly Branch[], text: (span: ReceivedSpan) => string, depth = 0): string[] =>
  branches.flatMap(({ span, below }) => [
    `${"  ".repeat(depth)}${text(span)}`,
    ...linesOf(below, text, depth + 1),
  ]);

const flat = (branches: readonly Branch[]): ReceivedSpan[] =>
  branches.flatMap(({ span, below }) => [span, ...flat(below)]);
