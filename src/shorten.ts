const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * At most `limit` UTF-16 units of a text, the ellipsis among them. Cut between words where one ends in the second half, else between
 * characters as people see them: half an emoji is not a text any more.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = GRAPHEMES.segment(text).containing(limit - 1)?.index ?? 0;
  const cut = text.slice(0, end);
  const space = text[end] === " " ? end : cut.lastIndexOf(" ");
  return `${(space > limit / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}
