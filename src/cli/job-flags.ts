import { type Command, Option } from "commander";
import { z } from "zod";
import type { Job } from "../queues/job.ts";
import { kebabCase } from "./argv.ts";
import { requireFlag } from "./flags.ts";
import { REFERENCE_FIELDS, USER_ID_FORMS } from "./references.ts";
import { CliError, operator } from "./terminal.ts";

/** The part of JSON Schema that flags are made from, for one field of a payload. */
type FieldSchema = {
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

/** Filled in with the operating system's user; never a flag. */
const ACTOR_FIELD = "actor";

/** The fields of a job's payload, from its zod schema. */
function fieldsOf(job: Job): {
  readonly fields: readonly (readonly [string, FieldSchema])[];
  readonly required: ReadonlySet<string>;
} {
  const schema = z.toJSONSchema(job.payload, { io: "input", unrepresentable: "any" }) as PayloadSchema;
  const fields = Object.entries(schema.properties ?? {});
  return { fields, required: new Set(schema.required) };
}

/** Adds a flag for each field of the payload; its help text is the field's description. */
export function addPayloadFlags(command: Command, job: Job): void {
  const { fields, required } = fieldsOf(job);
  for (const [name, schema] of fields) {
    if (name === ACTOR_FIELD) continue;
    const option = new Option(`--${kebabCase(name)}${placeholder(schema)}`, schema.description ?? "");
    if (name in REFERENCE_FIELDS) option.description += `; ${idForms(name)}`;
    // Shown but not set: the schema itself applies the default.
    if (schema.default !== undefined) option.description += ` (default: ${JSON.stringify(schema.default)})`;
    if (schema.enum) option.choices(schema.enum.map(String));
    if (isOf(schema, "array")) {
      option.argParser((text, before: string[] | undefined) => [...(before ?? []), ...text.split(",")]);
    }
    if (required.has(name)) requireFlag(command, option);
    else command.addOption(option);
  }
}

/**
 * The payload given by flags, parsed with the job's schema.
 * @throws CliError that lists every invalid flag.
 */
export function payloadFrom(job: Job, given: Readonly<Record<string, unknown>>): unknown {
  const { fields } = fieldsOf(job);
  const entries = fields.flatMap(([name, schema]): [string, unknown][] => {
    if (name === ACTOR_FIELD) return [[name, operator()]];
    const text = given[name];
    return text === undefined ? [] : [[name, readFlag(text, schema)]];
  });
  const parsed = job.payload.safeParse(Object.fromEntries(entries));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `  --${kebabCase(String(issue.path[0] ?? "payload"))}: ${issue.message}`,
  );
  throw new CliError(`Invalid options for ${job.name}:\n${faults.join("\n")}`);
}

const idForms = (field: string): string =>
  REFERENCE_FIELDS[field] === "users" ? USER_ID_FORMS : "the host's id, or ours where there is none";

const isOf = (schema: FieldSchema, type: string): boolean => [schema.type].flat().includes(type);

function placeholder(schema: FieldSchema): string {
  if (isOf(schema, "boolean")) return " [true|false]";
  if (isOf(schema, "array")) return " <list>";
  if (isOf(schema, "integer") || isOf(schema, "number")) return " <number>";
  return schema.format ? ` <${schema.format}>` : " <text>";
}

/** Converts text to the type the schema expects where possible; the schema rejects the rest. */
function readFlag(given: unknown, schema: FieldSchema): unknown {
  if (given === true) return true;
  if (Array.isArray(given)) return given.map((item) => readFlag(item, schema.items ?? {}));
  if (typeof given !== "string") return given;
  if (isOf(schema, "string")) return given;
  if (isOf(schema, "boolean") && /^(true|false)$/.test(given)) return given === "true";
  if ((isOf(schema, "integer") || isOf(schema, "number")) && /^-?\d+(\.\d+)?$/.test(given))
    return Number(given);
  if (isOf(schema, "object")) return jsonOrText(given);
  return given;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
