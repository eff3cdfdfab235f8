import type { Request } from "express";
import { z } from "zod";
import { isStorable, UNSTORABLE } from "../../../foreign-text.ts";
import { type Html, html } from "../../../html.ts";
import { isId } from "../../../ids.ts";

export type PageQuery = Readonly<Record<string, string | number | undefined>>;

/** An address with those parameters that have a value. */
export function hrefOf(path: string, query: PageQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text === "" ? path : `${path}?${text}`;
}

export type FilterField = {
  readonly name: string;
  readonly label: string;
  /** The values that may be chosen, besides any; without this, any text. */
  readonly choices?: readonly (string | readonly [value: string, label: string])[];
  /** What it means to choose nothing. Default: any. */
  readonly any?: string;
  readonly placeholder?: string;
  /** Holds an instant, which the script lets people enter in their zone. */
  readonly isInstant?: true;
};

export type Filters<T> = {
  /** Null if a parameter is invalid: then nothing must be listed, as it would look like the result. */
  readonly filter: T | null;
  /** As they were given, to be shown again. */
  readonly given: PageQuery;
  /** What is wrong, by parameter. */
  readonly faults: Readonly<Record<string, string>>;
};

/** An optional text that Postgres can look up, of at most `length` characters. */
export const textFilter = (length: number) =>
  z.string().max(length, "is too long").refine(isStorable, UNSTORABLE).optional();

/** One of the given names, and no inherited property name such as `constructor`. */
export const choiceOf = (choices: Readonly<Record<string, unknown>>, fault: string) =>
  z.string().refine((name) => Object.hasOwn(choices, name), fault);

/** An optional id of ours, such as the one that a page of a list begins at. */
export const idFilter = z.string().refine(isId, "must be an id").optional();

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|UTC|[+-]\d\d:\d\d))?$/;

/** An optional instant, such as `2026-03-08 02:00`: in UTC, unless a zone follows. */
export const instantFilter = z
  .string()
  .transform((text, context) => {
    const at = new Date(INSTANT.test(text) ? withZone(text) : Number.NaN);
    if (!Number.isNaN(at.getTime())) return at;
    context.addIssue("must be a time such as 2026-03-08 02:00");
    return z.NEVER;
  })
  .optional();

function withZone(text: string): string {
  const bare = text
    .replace(/^(\S{10}) /, "$1T")
    .replace(/ ?(UTC|Z)$/, "")
    .replace(" ", "");
  return /[+-]\d\d:\d\d$/.test(bare) ? bare : `${bare}Z`;
}

/** The filters of a page from its query. Empty parameters, which forms send, count as absent. */
export function readFilters<T>(schema: z.ZodType<T>, req: Request): Filters<T> {
  const given = Object.fromEntries(
    Object.entries(req.query).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" && value.trim() !== "" ? [[name, value.trim()]] : [],
    ),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return { filter: parsed.data, given, faults: {} };
  const faults = Object.fromEntries(
    parsed.error.issues.map(({ path, message }) => [String(path[0] ?? ""), message]),
  );
  return { filter: null, given, faults };
}

/**
 * The filters of a page, as a form that sends them in its address.
 * @param button the label of its button: `Find` where it looks up one thing.
 */
export function filterForm<T>(
  path: string,
  fields: readonly FilterField[],
  { given, faults }: Pick<Filters<T>, "given" | "faults">,
  button = "Filter",
): Html {
  const isFiltered = fields.some(({ name }) => given[name] !== undefined);
  return html`<form class="filters" method="get" action="${path}">${fields.map((field) =>
    fieldHtml(field, given[field.name], faults[field.name]),
  )}<div class="buttons"><button>${button}</button>${isFiltered ? html`<a href="${path}">Clear</a>` : null}</div></form>`;
}

function fieldHtml(
  { name, label, choices, any = "Any", placeholder, isInstant }: FilterField,
  value: string | number | undefined,
  fault: string | undefined,
): Html {
  const invalid = fault === undefined ? null : html` aria-invalid="true" aria-describedby="fault-${name}"`;
  const input =
    choices === undefined
      ? html`<input name="${name}" value="${value}" placeholder="${placeholder}" maxlength="300"${isInstant ? html` data-instant` : null}${invalid}>`
      : html`<select name="${name}"${invalid}><option value="">${any}</option>${choices.map((choice) => optionHtml(choice, value))}</select>`;
  return html`<label>${label}${input}${fault === undefined ? null : html`<small class="bad" id="fault-${name}">${fault}</small>`}</label>`;
}

export function optionHtml(
  choice: string | readonly [value: string, label: string],
  value: string | number | undefined,
): Html {
  const [each, label] = typeof choice === "string" ? [choice, choice] : choice;
  return html`<option value="${each}"${String(value) === each ? html` selected` : null}>${label}</option>`;
}

/** Links to the pages of a list before and after this one, which keep its filters. */
export function pager(
  path: string,
  query: PageQuery,
  { page, hasMore }: { readonly page: number; readonly hasMore: boolean },
): Html | null {
  if (page === 1 && !hasMore) return null;
  const link = (to: number, rel: string, text: string) =>
    html`<a rel="${rel}" href="${hrefOf(path, { ...query, page: to === 1 ? undefined : to })}">${text}</a>`;
  return html`<nav class="pager" aria-label="Pages of the list">${page > 1 ? link(page - 1, "prev", "Previous") : null}<span>Page ${page}</span>${hasMore ? link(page + 1, "next", "Next") : null}</nav>`;
}
