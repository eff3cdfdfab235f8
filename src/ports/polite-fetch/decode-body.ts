const BEGINNING = 2_048;

/**
 * The text of a body, in the charset of its byte order mark, its header or its HTML, else UTF-8. Bytes that
 * are invalid in it, and an unknown charset, become U+FFFD instead of an error: the rest can be read. Only
 * HTML is searched for a charset: a posting in a JSON list must not choose the charset of the list.
 */
export function decodeBody(body: Buffer, contentType: string | undefined): string {
  const label = labelFromMark(body) ?? labelIn(contentType) ?? labelInHtml(body) ?? "utf-8";
  return decodeAs(label, body);
}

function labelFromMark(body: Buffer): string | null {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return "utf-8";
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be";
  return body[0] === 0xff && body[1] === 0xfe ? "utf-16le" : null;
}

const labelIn = (contentType: string | undefined): string | null =>
  /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? "")?.[1] ?? null;

function labelInHtml(body: Buffer): string | null {
  const beginning = body.toString("latin1", 0, BEGINNING);
  if (!beginning.trimStart().startsWith("<")) return null;
  return /<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]+)/i.exec(beginning)?.[1] ?? null;
}

function decodeAs(label: string, body: Buffer): string {
  try {
    return new TextDecoder(label).decode(body);
  } catch {
    return new TextDecoder("utf-8").decode(body);
  }
}
