import { referencesTo } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { textHtml } from "./elements.ts";

/** The page of a user. @param reference the host's id, or ours where there is none. */
export const userHref = (reference: string): string => `/admin/people/${encodeURIComponent(reference)}`;

/**
 * Links to users by our ids, named by the host's ids where there are any. One statement for all of a page.
 *
 * @returns a function of our id; null gives null.
 */
export async function userLinks(
  on: Queryable,
  ids: readonly (string | null)[],
): Promise<(id: string | null) => Html | null> {
  const referenceOf = await referencesTo(
    on,
    "users",
    ids.filter((id) => id !== null),
  );
  return (id) => {
    if (id === null) return null;
    const reference = referenceOf(id);
    return html`<a href="${userHref(reference)}">${textHtml(reference)}</a>`;
  };
}
