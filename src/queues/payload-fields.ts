import { z } from "zod";
import type { Job } from "./job.ts";

/** The part of JSON Schema from which flags and forms are generated, for one field of a payload. */
export type FieldSchema = {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly items?: FieldSchema;
};

type PayloadSchema = {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
};

/** Filled in with the name of the operator who starts the job, not entered. */
export const ACTOR_FIELD = "actor";

/** The fields of a job's payload, from its zod schema. */
export function payloadFieldsOf(job: Pick<Job, "payload">): {
  readonly fields: readonly (readonly [string, FieldSchema])[];
  readonly required: ReadonlySet<string>;
} {
  const schema = z.toJSONSchema(job.payload, { io: "input", unrepresentable: "any" }) as PayloadSchema;
  const fields = Object.entries(schema.properties ?? {});
  return { fields, required: new Set(schema.required) };
}

export const isOfType = (schema: FieldSchema, type: string): boolean => [schema.type].flat().includes(type);

/** Converts text to the type that the schema expects where possible; the schema rejects the rest. */
export function readField(given: unknown, schema: FieldSchema): unknown {
  if (given === true) return true;
  if (Array.isArray(given)) return given.map((item) => readField(item, schema.items ?? {}));
  if (typeof given !== "string") return given;
  if (isOfType(schema, "string")) return given;
  if (isOfType(schema, "boolean") && /^(true|false)$/.test(given)) return given === "true";
  if ((isOfType(schema, "integer") || isOfType(schema, "number")) && /^-?\d+(\.\d+)?$/.test(given))
    return Number(given);
  if (isOfType(schema, "object")) return jsonOrText(given);
  return given;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
