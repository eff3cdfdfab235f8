/** Endings of short forms of names: Abby, Robbie, Davey, Toni. */
const ENDINGS = ["ie", "ey", "y", "i"] as const;
/** Shorter stems are prefixes of too many names. */
const LEAST_STEM = 3;
/** A whole word may be shorter: Al, Ed. */
const LEAST_WORD = 2;
/** Longer words are usually names of their own: Smith is not short for Smithers. */
const MOST_STEM = 4;

/**
 * The prefixes of names that a word may be a short form of: the word itself, and the word without its ending,
 * with a doubled last letter also as a single one. Robbie: robb, rob. A rule instead of a table, so that it
 * works for any name.
 */
export function stemsOf(word: string): string[] {
  if (!/^\p{L}+$/u.test(word)) return [];
  const letters = [...word];
  const stems = letters.length < LEAST_WORD ? [] : [letters];
  for (const ending of ENDINGS) {
    if (!word.endsWith(ending)) continue;
    const stem = letters.slice(0, -ending.length);
    if (stem.length >= LEAST_STEM) stems.push(stem);
    if (stem.length > LEAST_STEM && stem.at(-1) === stem.at(-2)) stems.push(stem.slice(0, -1));
  }
  return stems.filter(({ length }) => length <= MOST_STEM).map((stem) => stem.join(""));
}

/** Whether a word may be a short form of a name. @param stems of the word. */
export const isShortFor = (stems: readonly string[], name: string): boolean =>
  stems.some((stem) => name.startsWith(stem) && name.length > stem.length);
