import { type NamedTable, REFERENCE_FIELDS } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { hrefOf } from "../frame/filters.ts";
import { namedRows } from "../frame/row-names.ts";
import { userLinks } from "../frame/user-links.ts";
import { whyHref } from "../notifications/decision-table.ts";

/** The fields of payloads that name a user by our id. */
const USER_FIELDS = [
  ...Object.entries(REFERENCE_FIELDS).flatMap(([field, table]) => (table === "users" ? [field] : [])),
  "buyerUserId",
];

const ID = /^[1-9][0-9]{0,17}$/;
/** A fan-out has up to a hundred events. */
const EVENTS_SHOWN = 5;

/** The subjects of a payload or of the input of a run: links to a sale, users and events, names of others. */
export async function subjectLinks(on: Queryable, payload: unknown): Promise<Html[]> {
  const fields = fieldsIn(payload);
  const idIn = (name: string): string | null => idOf(fields[name]);
  const users = USER_FIELDS.flatMap((name) => idIn(name) ?? []);
  const [projectId, organizationId, saleId] = [idIn("projectId"), idIn("organizationId"), idIn("saleId")];
  const [userOf, projects, organizations] = await Promise.all([
    userLinks(on, users),
    named(on, "projects", projectId),
    named(on, "organizations", organizationId),
  ]);
  return [
    ...(saleId === null ? [] : [html`<a href="/admin/sales/${saleId}">Sale ${saleId}</a>`]),
    ...users.map((id) => html`User ${userOf(id)}`),
    ...projects.map((project) => html`Project ${project}`),
    ...organizations.map((organization) => html`Organization ${organization}`),
    ...eventLinks(payload),
  ];
}

const named = async (on: Queryable, table: NamedTable, id: string | null): Promise<Html[]> =>
  id === null ? [] : [(await namedRows(on, table, [id]))(id)];

/** Links to the events that a payload names. */
export const eventLinks = (payload: unknown): Html[] =>
  eventsIn(fieldsIn(payload)).map((id) => html`<a href="${whyHref({ event: id })}">Event ${id}</a>`);

/** Ranges and sums hold the payload of their run in `input`. */
function fieldsIn(payload: unknown): Readonly<Record<string, unknown>> {
  if (typeof payload !== "object" || payload === null) return {};
  const { input, range, ...own } = payload as Record<string, unknown>;
  const nested = [input, range].filter((part) => typeof part === "object" && part !== null);
  return Object.assign({}, ...nested, own) as Record<string, unknown>;
}

const idOf = (value: unknown): string | null => (typeof value === "string" && ID.test(value) ? value : null);

function eventsIn({ eventId, eventIds }: Readonly<Record<string, unknown>>): string[] {
  const all = [eventId, ...(Array.isArray(eventIds) ? eventIds : [])];
  return all.flatMap((id) => idOf(id) ?? []).slice(0, EVENTS_SHOWN);
}

/** The search for waiting work about something, by a field of its payload. */
export const workAbout = (field: string, value: string): Html =>
  html`<a href="${hrefOf("/admin/work", { field, value })}">Waiting work</a>`;
