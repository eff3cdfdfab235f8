import { type Html, html } from "../../html.ts";

// Bodies of notifications use a subset of Markdown: bold, emphasis, code, links, mentions and backslash
// escapes.

type Piece =
  | { readonly kind: "text" | "bold" | "emphasis" | "code"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly target: string };

/**
 * Escapes come first, then mentions, which would match as links too. The length between two marks is bounded,
 * so that text full of opening marks takes time linear, not quadratic, in its length.
 */
export const MARKDOWN_TOKEN =
  /\\([!-/:-@[-`{-~])|@\[((?:\\.|[^\]\\]){1,300})\]\(user:\d{1,18}\)|\[((?:\\.|[^\]\\]){1,300})\]\(([^()\s]{1,500})\)|\*\*((?:\\.|[^*\\]){1,500})\*\*|\*((?:\\.|[^*\\]){1,500})\*|`([^`]{1,500})`/g;

const unescaped = (text: string): string => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

function piecesOf(markdown: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (text: string) => text !== "" && pieces.push({ kind: "text", text });
  for (const match of markdown.matchAll(MARKDOWN_TOKEN)) {
    const [whole, escaped, mention, text, target, bold, emphasis, code] = match;
    plain(markdown.slice(from, match.index));
    from = match.index + whole.length;
    if (escaped !== undefined) plain(escaped);
    else if (mention !== undefined) pieces.push({ kind: "bold", text: `@${unescaped(mention)}` });
    else if (text !== undefined) pieces.push({ kind: "link", text: unescaped(text), target: target ?? "" });
    else if (bold !== undefined) pieces.push({ kind: "bold", text: unescaped(bold) });
    else if (emphasis !== undefined) pieces.push({ kind: "emphasis", text: unescaped(emphasis) });
    else pieces.push({ kind: "code", text: code ?? "" });
  }
  plain(markdown.slice(from));
  return pieces;
}

/** Renders plain text. Links are reduced to their text: the e-mail has its own link. */
export const markdownToText = (markdown: string): string =>
  piecesOf(markdown)
    .map(({ text }) => text)
    .join("");

/**
 * Renders HTML. All text is escaped, line breaks are kept, links are reduced to their text. Bold text is
 * usually a name, and `dir="auto"` isolates right-to-left names so that the sentence keeps its order.
 */
export function markdownToHtml(markdown: string): Html {
  const pieces = piecesOf(markdown).map(({ kind, text }) => {
    const lines = withBreaks(text);
    if (kind === "bold") return html`<strong dir="auto">${lines}</strong>`;
    if (kind === "emphasis") return html`<em>${lines}</em>`;
    return kind === "code" ? html`<code>${lines}</code>` : html`${lines}`;
  });
  return html`${pieces}`;
}

const withBreaks = (text: string): Html[] =>
  text.split("\n").map((line, index) => (index === 0 ? html`${line}` : html`<br>${line}`));
