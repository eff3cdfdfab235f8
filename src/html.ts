/** Safe HTML, made by `html`, which escapes the values of its template. */
export type Html = { readonly html: string };

type Piece = string | number | null | undefined | Html | readonly Html[];

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

function render(piece: Piece): string {
  if (piece === null || piece === undefined) return "";
  if (typeof piece === "string" || typeof piece === "number") return escapeText(String(piece));
  return "html" in piece ? piece.html : piece.map(render).join("");
}

/** A template tag for HTML. Escapes values, except those made by itself. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return { html: parts.map((part, index) => part + render(pieces[index])).join("") };
}
