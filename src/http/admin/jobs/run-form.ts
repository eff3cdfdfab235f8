import { REFERENCE_FIELDS, resolveReference } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import type { Job } from "../../../queues/job.ts";
import {
  ACTOR_FIELD,
  type FieldSchema,
  isOfType,
  payloadFieldsOf,
  readField,
} from "../../../queues/payload-fields.ts";
import { hiddenField } from "../frame/actions.ts";
import { optionHtml } from "../frame/filters.ts";

/**
 * The prefix of the names of payload fields, since the form has fields of its own, such as `reason` and
 * `_csrf`.
 */
const PREFIX = "p.";

/** What an operator entered for the fields of a payload. */
export type Entered = {
  readonly given: Readonly<Record<string, string>>;
  /** Valid, or null. */
  readonly payload: unknown;
  readonly faults: Readonly<Record<string, string>>;
};

export const NOTHING_ENTERED: Entered = { given: {}, payload: null, faults: {} };

/** Fields that the operator fills in. */
const shownFields = (job: Job) => payloadFieldsOf(job).fields.filter(([name]) => name !== ACTOR_FIELD);

/** The payload in a form, checked with the schema of the job; host ids are replaced by ours. */
export async function readFormPayload(
  on: Queryable,
  job: Job,
  body: Readonly<Record<string, unknown>>,
  actor: string,
): Promise<Entered> {
  const { fields } = payloadFieldsOf(job);
  const given: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const [name, schema] of fields) {
    if (name === ACTOR_FIELD) values[name] = actor;
    const text = body[`${PREFIX}${name}`];
    if (name === ACTOR_FIELD || typeof text !== "string" || text.trim() === "") continue;
    given[name] = text.trim();
    const table = REFERENCE_FIELDS[name];
    const id = table === undefined ? null : await resolveReference(on, table, text.trim());
    if (table !== undefined && id === null) faults[name] = "There is no such row.";
    values[name] = id ?? readText(text.trim(), schema);
  }
  const parsed = job.payload.safeParse(values);
  if (!parsed.success)
    for (const { path, message } of parsed.error.issues) faults[String(path[0] ?? "")] ??= message;
  return { given, faults, payload: Object.keys(faults).length === 0 && parsed.success ? parsed.data : null };
}

const readText = (text: string, schema: FieldSchema): unknown =>
  readField(isOfType(schema, "array") ? text.split(",").map((item) => item.trim()) : text, schema);

/** An input for each field of the payload, with its description and its error. */
export function payloadInputs(job: Job, { given, faults }: Entered): Html {
  const { required } = payloadFieldsOf(job);
  const inputs = shownFields(job).map(([name, schema]) =>
    inputHtml(name, schema, { isRequired: required.has(name), value: given[name], fault: faults[name] }),
  );
  const whole = faults[""];
  return html`${whole === undefined ? null : html`<p class="bad">${whole}</p>`}${inputs.length === 0 ? html`<p class="dim">This job has no input.</p>` : inputs}`;
}

/** The same values as hidden fields, to be sent again unchanged. */
export const hiddenPayload = (job: Job, { given }: Entered): Html[] =>
  shownFields(job).flatMap(([name]) => {
    const value = given[name];
    return value === undefined ? [] : [hiddenField(`${PREFIX}${name}`, value)];
  });

type Input = {
  readonly isRequired: boolean;
  readonly value: string | undefined;
  readonly fault: string | undefined;
};

function inputHtml(name: string, schema: FieldSchema, { isRequired, value, fault }: Input): Html {
  const id = `payload-${name}`;
  const attributes = html` id="${id}" name="${PREFIX}${name}"${isRequired ? html` required` : null}${
    fault === undefined ? null : html` aria-invalid="true"`
  } aria-describedby="${id}-note"`;
  const note = [
    schema.description,
    schema.default === undefined ? undefined : `default: ${JSON.stringify(schema.default)}`,
    hint(name, schema),
  ].filter((part) => part !== undefined);
  return html`<div class="field"><label for="${id}">${name}${isRequired ? html` <span class="dim">(required)</span>` : null}</label>${controlHtml(
    schema,
    attributes,
    value,
  )}<small id="${id}-note">${fault === undefined ? null : html`<span class="bad">${fault}</span> `}${note.join("; ")}</small></div>`;
}

function controlHtml(schema: FieldSchema, attributes: Html, value: string | undefined): Html {
  const choices = schema.enum?.map(String) ?? (isOfType(schema, "boolean") ? ["true", "false"] : null);
  if (choices !== null)
    return html`<select${attributes}><option value="">Default</option>${choices.map((choice) => optionHtml(choice, value))}</select>`;
  if (isOfType(schema, "object")) return html`<textarea${attributes} rows="4">${value}</textarea>`;
  const isNumber = isOfType(schema, "integer") || isOfType(schema, "number");
  return html`<input${attributes} value="${value}" maxlength="2000"${isNumber ? html` inputmode="decimal"` : null}>`;
}

function hint(name: string, schema: FieldSchema): string | undefined {
  if (name in REFERENCE_FIELDS) return "the host's id, or ours where there is none";
  if (isOfType(schema, "array")) return "several are separated by commas";
  return isOfType(schema, "object") ? "as JSON" : undefined;
}
