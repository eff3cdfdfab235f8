import { setImmediate as nextIteration } from "node:timers/promises";
import { endOfString } from "../../foreign-json.ts";
import { mapInPortions } from "../../portions.ts";

/** At most this many characters are scanned in one iteration of the event loop: some milliseconds. */
const PER_TURN = 500_000;

/** The items of a list in a JSON document with the rest of it, or why there are none. */
export type JsonList =
  | { readonly items: readonly unknown[]; readonly rest: unknown }
  | { readonly fault: "no-json" | "no-list" };

/**
 * Reads the list of a JSON document: the document itself, or the one under a key of it. The same as
 * `JSON.parse`, but in portions, so that a document of megabytes does not block the event loop. `rest` is the
 * document with an empty list.
 */
export async function readJsonList(text: string, key: string | null): Promise<JsonList> {
  const list = await findList(text, key);
  // Without a list it is an error page or an error message.
  if (list === null) return { fault: isJson(text) ? "no-list" : "no-json" };
  try {
    const rest: unknown = JSON.parse(text.slice(0, list.start) + text.slice(list.end));
    if (!Array.isArray(key === null ? rest : (rest as Record<string, unknown>)[key]))
      return { fault: "no-list" };
    return { items: await mapInPortions(list.items, (item): unknown => JSON.parse(item)), rest };
  } catch {
    return { fault: "no-json" };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A list: where it begins and ends in the document, and the source texts of its items. */
type FoundList = { readonly start: number; readonly end: number; readonly items: readonly string[] };

/** Without checking that the document is JSON. */
async function findList(text: string, key: string | null): Promise<FoundList | null> {
  const finder = createListFinder(text, key);
  const marks = /["{}[\],]/g;
  let turnEnds = PER_TURN;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const end = mark[0] === '"' ? endOfString(text, mark.index) : mark.index + 1;
    finder.visit(mark[0], mark.index, end);
    marks.lastIndex = end;
    if (end < turnEnds) continue;
    await nextIteration();
    turnEnds = end + PER_TURN;
  }
  return finder.found();
}

/** Receives each bracket, comma and string of a document, in order. */
type ListFinder = { visit(mark: string, start: number, end: number): void; found(): FoundList | null };

/** Of several lists under the same key the last one counts, as for `JSON.parse`. */
function createListFinder(text: string, key: string | null): ListFinder {
  const listDepth = key === null ? 1 : 2;
  let depth = 0;
  /** The key of the outermost object whose value comes next. */
  let name: string | null = null;
  let open: { readonly start: number; readonly items: string[]; itemStart: number } | null = null;
  let found: FoundList | null = null;
  const begin = (mark: string, end: number): void => {
    depth++;
    if (depth === listDepth && mark === "[" && (key === null || name === key))
      open = { start: end, items: [], itemStart: end };
  };
  const endItem = (start: number, end: number): void => {
    open?.items.push(text.slice(open.itemStart, start));
    if (open) open.itemStart = end;
  };
  const close = (start: number, end: number): void => {
    if (open && depth === listDepth) {
      // Between the brackets of an empty list there is no item.
      if (open.items.length > 0 || text.slice(open.itemStart, start).trim() !== "") endItem(start, end);
      found = { start: open.start, end: start, items: open.items };
      open = null;
    }
    depth--;
  };
  return {
    found: () => (open ? null : found),
    visit(mark, start, end) {
      if (mark === "{" || mark === "[") begin(mark, end);
      else if (mark === "}" || mark === "]") close(start, end);
      else if (mark === "," && depth === listDepth) endItem(start, end);
      else if (mark === "," && depth === 1) name = null;
      else if (mark === '"' && depth === 1) name ??= stringIn(text.slice(start, end));
    },
  };
}

function stringIn(source: string): string {
  try {
    return JSON.parse(source) as string;
  } catch {
    return "";
  }
}
