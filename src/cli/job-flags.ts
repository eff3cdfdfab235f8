import { type Command, Option } from "commander";
import { REFERENCE_FIELDS } from "../db/references.ts";
import type { Job } from "../queues/job.ts";
import {
  ACTOR_FIELD,
  type FieldSchema,
  isOfType,
  payloadFieldsOf,
  readField,
} from "../queues/payload-fields.ts";
import { kebabCase } from "./argv.ts";
import { requireFlag } from "./flags.ts";
import { USER_ID_FORMS } from "./references.ts";
import { CliError, operator } from "./terminal.ts";

/** Adds a flag for each field of the payload; its help text is the field's description. */
export function addPayloadFlags(command: Command, job: Job): void {
  const { fields, required } = payloadFieldsOf(job);
  for (const [name, schema] of fields) {
    if (name === ACTOR_FIELD) continue;
    const option = new Option(`--${kebabCase(name)}${placeholder(schema)}`, schema.description ?? "");
    if (name in REFERENCE_FIELDS) option.description += `; ${idForms(name)}`;
    // Shown but not set: the schema itself applies the default.
    if (schema.default !== undefined) option.description += ` (default: ${JSON.stringify(schema.default)})`;
    if (schema.enum) option.choices(schema.enum.map(String));
    if (isOfType(schema, "array")) {
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
  const { fields } = payloadFieldsOf(job);
  const entries = fields.flatMap(([name, schema]): [string, unknown][] => {
    if (name === ACTOR_FIELD) return [[name, operator()]];
    const text = given[name];
    return text === undefined ? [] : [[name, readField(text, schema)]];
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

function placeholder(schema: FieldSchema): string {
  if (isOfType(schema, "boolean")) return " [true|false]";
  if (isOfType(schema, "array")) return " <list>";
  if (isOfType(schema, "integer") || isOfType(schema, "number")) return " <number>";
  return schema.format ? ` <${schema.format}>` : " <text>";
}
