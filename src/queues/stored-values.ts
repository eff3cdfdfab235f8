import type { z } from "zod";
import { AnotherVersion } from "./outcome.ts";

/**
 * Checks a parsed value against what is stored. Schemas drop fields that they do not know; such a field was
 * written by a version that relies on it.
 *
 * @param what for the message: "the payload", "the range".
 * @throws AnotherVersion
 */
export function rejectUnknownFields(what: string, stored: unknown, parsed: unknown): void {
  const unknown = unknownFields(stored, parsed);
  if (unknown.length > 0) throw new AnotherVersion(`unknown fields in ${what} (${unknown.join(", ")})`);
}

/**
 * Parses a range or the counts of a run, which only this program writes: what the schema does not accept was
 * written by another version.
 *
 * @throws AnotherVersion
 */
export function parseStored<T>(what: string, schema: z.ZodType<T>, stored: unknown): T {
  const parsed = schema.safeParse(stored);
  if (!parsed.success) {
    const paths = parsed.error.issues.map((issue) => issue.path.join(".") || "value");
    throw new AnotherVersion(`the schema of this version does not accept ${what} (${paths.join(", ")})`);
  }
  rejectUnknownFields(what, stored, parsed.data);
  return parsed.data;
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The paths of fields that parsing has dropped, at any depth: `filter.team`. */
export function unknownFields(stored: unknown, parsed: unknown, path = ""): string[] {
  if (Array.isArray(stored) && Array.isArray(parsed))
    return stored.flatMap((item, index) => unknownFields(item, parsed[index], `${path}[${index}]`));
  if (!isFields(stored) || !isFields(parsed)) return [];
  return Object.entries(stored).flatMap(([name, value]) => {
    const at = path === "" ? name : `${path}.${name}`;
    return Object.hasOwn(parsed, name) ? unknownFields(value, parsed[name], at) : [at];
  });
}
