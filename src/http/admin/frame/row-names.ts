import { type NamedTable, referencesTo, rowNames } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { textHtml } from "./elements.ts";

/**
 * Rows of the host by our ids, each as the host's id, or ours where there is none, and its name:
 * `7, Community garden`. Not of users: their names are on their own page (docs/operations/privacy.md).
 */
export async function namedRows(
  on: Queryable,
  table: NamedTable,
  ids: readonly string[],
): Promise<(id: string) => Html> {
  const [referenceOf, names] = await Promise.all([referencesTo(on, table, ids), rowNames(on, table, ids)]);
  return (id) => {
    const name = names.get(id);
    return html`${textHtml(referenceOf(id))}${name === undefined ? null : html`, ${textHtml(name)}`}`;
  };
}
