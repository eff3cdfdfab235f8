import { type SQL, sql } from "drizzle-orm";
import { shorten } from "../shorten.ts";

/** Longer names are cut. */
const MAX_LENGTH = 120;

/**
 * How much is read of a name and of a message: thousands of rows may have the same one, and a host may store
 * megabytes in it.
 */
const NAME_READ = 1_000;
const MESSAGE_READ = 20_000;

/** SQL: the part of a name that is read. */
export const nameIn = (column: string): SQL => sql.raw(`left(${column}, ${NAME_READ})`);

/** SQL: the part of a message that is read. */
export const messageIn = (column: string): SQL => sql.raw(`left(${column}, ${MESSAGE_READ})`);

/** Control characters and line breaks. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * Invisible characters that change the text around them: direction marks, embeddings and isolates, word
 * joiners, tags. The joiners of emoji and of Persian (U+200C, U+200D) stay.
 */
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Texts that mail programs turn into links: an address with a scheme, and a name that may be a host. */
const SCHEME = /:\/\//g;
const HOST = /(?<=[\p{L}\p{N}])([.。．｡])(?=(\p{L}[\p{L}\p{N}-]+))/gu;

/** File extensions that are not top-level domains, so that `Plan.pdf` does not count as a link. */
const EXTENSIONS = new Set(
  "avi bmp csv doc docx epub gif gz heic html jpeg jpg json key mp3 mp4 odp ods odt ogg pages pdf png ppt pptx rtf svg tar tiff txt wav webm webp xls xlsx xml yaml yml".split(
    " ",
  ),
);

/** An invisible character without a line break; no mail program recognizes a link across it. */
const JOINER = "\u2060";

/**
 * A name or title that a user wrote, made safe for a sentence, a subject and plain text: on one line,
 * without characters that change the direction of what follows, of bounded length, and without anything that
 * a mail program turns into a link. Used wherever names of users, projects, documents and the like are read
 * for texts. Cleaning twice changes nothing.
 */
export function cleanName(name: string): string {
  const oneLine = name.replace(BREAKS, " ").replace(INVISIBLE, "").replace(/\s+/gu, " ").trim();
  return shorten(oneLine, MAX_LENGTH)
    .replace(SCHEME, `:${JOINER}//`)
    .replace(HOST, (_match, dot: string, label: string) =>
      EXTENSIONS.has(label.toLowerCase()) ? dot : `${dot}${JOINER}`,
    );
}

/** A text that a user wrote, with its lines but without control characters and direction marks. */
export const cleanText = (text: string): string =>
  text
    .split(/\r\n|[\n\r\u2028\u2029]/u)
    .map((line) => line.replace(BREAKS, " ").replace(INVISIBLE, ""))
    .join("\n");
