import { type Html, html } from "../../../html.ts";
import { hrefOf, type PageQuery } from "./filters.ts";

/** How far back lists and counts go, in seconds. */
export const TIME_RANGES = {
  "1 hour": 3_600,
  "1 day": 86_400,
  "7 days": 604_800,
  "30 days": 2_592_000,
  "180 days": 15_552_000,
} as const;
export type TimeRange = keyof typeof TIME_RANGES;

export const TIME_RANGE_NAMES = Object.keys(TIME_RANGES) as [TimeRange, ...TimeRange[]];

/** The start of a time span that ends now. */
export const startOf = (range: TimeRange, now: Date): Date =>
  new Date(now.getTime() - TIME_RANGES[range] * 1_000);

export type Cursor = {
  /** The parameter of the query that holds it. */
  readonly name: string;
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
};

/**
 * Links to the first and the next page of a list that is paged by a cursor, which keep its filters. Rows that
 * are added later do not shift its pages.
 */
export function cursorPager(path: string, given: PageQuery, { name, next }: Cursor): Html | null {
  const isFirst = given[name] === undefined;
  if (isFirst && next === null) return null;
  const link = (cursor: string | undefined, text: string) =>
    html`<a href="${hrefOf(path, { ...given, [name]: cursor })}">${text}</a>`;
  return html`<nav class="pager" aria-label="Pages of the list">${isFirst ? null : link(undefined, "First page")}${next === null ? null : link(next, "Next page")}</nav>`;
}
