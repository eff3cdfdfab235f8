import { isUtf8 } from "node:buffer";
import { isStorable, storable, UNSTORABLE } from "./foreign-text.ts";

/**
 * Things that JSON allows but a signed message must not contain: a duplicate key (which of the values was
 * meant?), deep nesting, and text that Postgres cannot store.
 */
export type JsonFault = {
  readonly kind: "duplicate" | "depth" | "text";
  /** Keys and indexes from the root, at most eight. */
  readonly path: readonly string[];
  readonly fault: string;
};

export type ReadJson = { readonly value: unknown; readonly faults: readonly JsonFault[] };
/** The whole text cannot be read. */
export type Unreadable = { readonly fault: string };

/** Levels of objects and arrays. Parsers and Postgres fail at thousands; no sender needs more than a few. */
const MAX_DEPTH = 64;
const MAX_PATH = 8;
const MAX_QUOTED = 120;

/**
 * Decodes the bytes of a message. Invalid UTF-8 is refused: replacing it would make two different ids one.
 */
export function decodeUtf8(raw: Buffer): { readonly text: string } | Unreadable {
  if (raw.length === 0) return { fault: "is empty; a JSON object is required" };
  return isUtf8(raw) ? { text: raw.toString("utf8") } : { fault: "is not valid UTF-8" };
}

/**
 * Parses JSON from outside, and lists the things that it must not contain. Pure; never throws, however deeply
 * it is nested.
 */
export function readJson(text: string): ReadJson | Unreadable {
  try {
    return { value: JSON.parse(text), faults: findFaults(text) };
  } catch (error) {
    return notJson(error);
  }
}

/**
 * The source texts of the items of `{ "<key>": [ ... ] }`, so that each can be read, and refused, by itself.
 * Pure; never throws.
 */
export function readItems(raw: Buffer, key: string): { readonly items: readonly string[] } | Unreadable {
  const decoded = decodeUtf8(raw);
  if ("fault" in decoded) return decoded;
  const { text } = decoded;
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const list = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key] : null;
    if (!Array.isArray(list)) return { fault: `must be an object with the list "${key}"` };
  } catch (error) {
    return notJson(error);
  }
  const [items, ...others] = itemLists(text, key);
  return items === undefined || others.length > 0 ? { fault: `has the duplicate key "${key}"` } : { items };
}

const MARKS = new Set(["{", "}", "[", "]", ",", '"']);

/** Calls `visit` with the range of each bracket, comma and string of valid JSON. */
function visitMarks(text: string, visit: (mark: string, start: number, end: number) => void): void {
  for (let at = 0; at < text.length; at++) {
    const mark = text[at] as string;
    if (!MARKS.has(mark)) continue;
    const end = mark === '"' ? endOfString(text, at) : at + 1;
    visit(mark, at, end);
    at = end - 1;
  }
}

/** The index after the string that begins at `start`; the end of the text if the string does not end. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length + 1;
    let escapes = 0;
    while (text[quote - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** An object or array that is open. `keys` is null in an array. */
type Level = { readonly keys: Set<string> | null; name: string; index: number; expectsKey: boolean };

function findFaults(text: string): JsonFault[] {
  const faults: JsonFault[] = [];
  const levels: Level[] = [];
  /** Levels beyond the greatest depth, whose contents are not read. */
  let beyond = 0;
  const add = (kind: JsonFault["kind"], fault: string) =>
    faults.push({ kind, fault, path: levels.slice(0, MAX_PATH).map(({ name }) => name) });
  const readString = (start: number, end: number) => {
    const level = levels.at(-1);
    const isEscaped = text.slice(start, end).includes("\\");
    const isKey = level?.expectsKey === true;
    if (!isEscaped && !isKey) return;
    const value = JSON.parse(text.slice(start, end)) as string;
    if (level?.keys && isKey) {
      level.name = cut(value);
      level.expectsKey = false;
      if (level.keys.has(value)) add("duplicate", `has the duplicate key ${JSON.stringify(cut(value))}`);
      level.keys.add(value);
    }
    if (isEscaped && !isStorable(value)) add("text", UNSTORABLE);
  };
  visitMarks(text, (mark, start, end) => {
    if (mark === "{" || mark === "[") {
      if (beyond > 0 || levels.length === MAX_DEPTH) {
        if (beyond++ === 0) add("depth", "is nested too deeply");
        return;
      }
      const keys = mark === "{" ? new Set<string>() : null;
      levels.push({ keys, name: "0", index: 0, expectsKey: keys !== null });
    } else if (mark === "}" || mark === "]") {
      if (beyond > 0) beyond--;
      else levels.pop();
    } else if (beyond > 0) return;
    else if (mark === '"') readString(start, end);
    else if (mark === ",") {
      const level = levels.at(-1);
      if (level?.keys) level.expectsKey = true;
      else if (level) level.name = String(++level.index);
    }
  });
  return faults;
}

/** The items under each occurrence of `key` in the outermost object. */
function itemLists(text: string, key: string): string[][] {
  const lists: string[][] = [];
  let depth = 0;
  let expectsKey = false;
  let isOurs = false;
  let itemStart = 0;
  const endItem = (end: number) => {
    const item = text.slice(itemStart, end).trim();
    if (item !== "") lists.at(-1)?.push(item);
    itemStart = end + 1;
  };
  visitMarks(text, (mark, start, end) => {
    if (mark === "{" || mark === "[") {
      depth++;
      if (depth === 1) expectsKey = true;
      if (depth === 2 && isOurs) itemStart = end;
    } else if (mark === "}" || mark === "]") {
      if (depth === 2 && isOurs) endItem(start);
      depth--;
    } else if (mark === "," && depth === 2 && isOurs) endItem(start);
    else if (mark === "," && depth === 1) expectsKey = true;
    else if (mark === '"' && depth === 1 && expectsKey) {
      isOurs = JSON.parse(text.slice(start, end)) === key;
      if (isOurs) lists.push([]);
      expectsKey = false;
    }
  });
  return lists;
}

/** The parser quotes the text. */
const notJson = (error: unknown): Unreadable => ({
  fault: `is not JSON: ${error instanceof Error ? cut(error.message) : "unreadable"}`,
});

/** A quotation from the text that can be stored. */
const cut = (text: string): string =>
  storable(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
