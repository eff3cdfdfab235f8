import { type Html, html } from "../../../html.ts";
import { type Content, contentHtml, emptyState } from "./elements.ts";

export type HtmlColumn = {
  readonly title: string;
  /** `number` is aligned right, `long` may break anywhere, `fixed` never breaks. */
  readonly kind?: "number" | "long" | "fixed";
};

export type TableOptions = {
  /** Read out by screen readers. */
  readonly caption: string;
  readonly columns: readonly (HtmlColumn | string)[];
  readonly rows: readonly (readonly Content[])[];
  /** Shown instead of a table without rows. */
  readonly empty: string;
};

/** A dense table that scrolls sideways where it does not fit. Texts in cells are made printable and safe. */
export function table({ caption, columns, rows, empty }: TableOptions): Html {
  if (rows.length === 0) return emptyState(empty);
  const all = columns.map((column): HtmlColumn => (typeof column === "string" ? { title: column } : column));
  const head = all.map(({ title, kind }) =>
    title === ""
      ? html`<td></td>`
      : html`<th scope="col"${kind === undefined ? null : html` class="${kind}"`}>${title}</th>`,
  );
  const body = rows.map(
    (cells) =>
      html`<tr>${all.map(
        ({ kind }, index) =>
          html`<td${kind === undefined ? null : html` class="${kind}"`}>${contentHtml(cells[index])}</td>`,
      )}</tr>
`,
  );
  return html`<div class="wide" role="region" tabindex="0" aria-label="${caption}"><table><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table></div>`;
}
