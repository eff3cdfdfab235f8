const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Shortens a text to `limit` UTF-16 units, including the ellipsis. Cuts between words if one ends in the
 * second half, otherwise between grapheme clusters, so that an emoji is never split.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = GRAPHEMES.segment(text).containing(limit - 1)?.index ?? 0;
  const cut = text.slice(0, end);
  const space = text[end] === " " ? end : cut.lastIndexOf(" ");
  return `${(space > limit / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}
