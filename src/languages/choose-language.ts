import { LANGUAGES } from "./index.ts";
import { ENGLISH, type Language } from "./language.ts";

const byTag = new Map(LANGUAGES.map((language) => [language.tag.toLowerCase(), language]));

/** The length up to which a tag is read, from RFC 5646. */
export const TAG_LENGTH = 35;

/**
 * The language of a BCP 47 tag: subtags are cut off from its end until a language is found, so `de-CH-1996`
 * is German. Case does not matter, and `_` stands for `-`. Null if there is no tag, or no such language.
 */
export function knownLanguage(tag: string | null): Language | null {
  const wanted = (tag ?? "").slice(0, TAG_LENGTH).trim().toLowerCase().replaceAll("_", "-");
  for (let rest = wanted; rest !== ""; rest = rest.slice(0, Math.max(rest.lastIndexOf("-"), 0))) {
    const found = byTag.get(rest);
    if (found !== undefined) return found;
  }
  return null;
}

/** The language of a tag, or English. */
export const languageOf = (tag: string | null): Language => knownLanguage(tag) ?? ENGLISH;
