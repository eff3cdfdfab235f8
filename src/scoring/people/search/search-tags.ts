import { deletions, toleratesTypos } from "../../edit-distance.ts";
import { soundKey } from "./sound-key.ts";
import { tileOf, WIDE_TILE } from "./tiles.ts";

// Tags are lexemes of the search index beside words: each contains a colon, which no word does. A search
// combines words and tags in one query, so that one index answers it.

/** The first letters of names; longer prefixes are found by the names themselves. */
const PREFIX_LENGTHS = [2, 3, 4] as const;
export const LONGEST_PREFIX_TAG = 4;

/** A value of the host in a tag, without characters that separate tags or have a meaning in a query. */
const tagValue = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "_") || "_";

export const bandTag = (band: number): string => `b:${band}`;
export const genderTag = (gender: string): string => `g:${tagValue(gender)}`;
export const intentTag = (intent: string): string => `n:${tagValue(intent)}`;
export const birthYearTag = (year: number): string => `y:${year}`;
export const interestTag = (id: string): string => `i:${id}`;
export const subjectTag = (id: string): string => `s:${id}`;
export const traitTag = (id: string): string => `r:${id}`;
export const tileTag = (tile: string): string => `t:${tile}`;
/** A name without one of its letters. */
export const typoTag = (variant: string): string => `d:${variant}`;
/** The sound of a name. */
export const soundTag = (key: string): string => `p:${key}`;
/** A prefix of a name. */
export const prefixTag = (prefix: string): string => `x:${prefix}`;

/** The tags by which a name is found in another spelling, or by a prefix. */
export function nameTags(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const letters = [...word];
    const key = soundKey(word);
    return [
      ...(toleratesTypos(word) ? deletions(word).map(typoTag) : []),
      ...(key === null ? [] : [soundTag(key)]),
      ...PREFIX_LENGTHS.filter((length) => letters.length >= length).map((length) =>
        prefixTag(letters.slice(0, length).join("")),
      ),
    ];
  });
}

/** The tags of a place: its tile of both sizes. */
export const placeTags = (latitude: number, longitude: number): string[] => [
  tileTag(tileOf(latitude, longitude)),
  tileTag(tileOf(latitude, longitude, WIDE_TILE)),
];
