/** What short forms of names end with: Abby, Robbie, Davey, Toni. */
const ENDINGS = ["ie", "ey", "y", "i"] as const;
/** Fewer letters are the beginning of too many names. */
const LEAST_STEM = 3;
/** A whole word may be shorter: Al, Ed. */
const LEAST_WORD = 2;
/** More letters are rather a name of its own: Smith is not short for Smithers. */
const MOST_STEM = 4;

/**
 * What the names begin with of which a word may be a short form: the word itself, and what is left without
 * its ending, of which a doubled letter may be single. Robbie: robb, rob. A rule instead of a table,
 * so that it holds for names that nobody thought of.
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
