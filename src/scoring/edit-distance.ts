/**
 * Number of letters to insert, delete, replace or swap with their neighbour that turn one word into the
 * other; `limit` + 1 if it is more than `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  const [x, y] = [[...a], [...b]];
  if (Math.abs(x.length - y.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: y.length + 1 }, (_, column) => column);
  for (let row = 1; row <= x.length; row++) {
    const current = [row];
    for (let column = 1; column <= y.length; column++) {
      const isSame = x[row - 1] === y[column - 1];
      let least = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (isSame ? 0 : 1),
      );
      const isSwapped = row > 1 && column > 1 && x[row - 1] === y[column - 2] && x[row - 2] === y[column - 1];
      if (isSwapped) least = Math.min(least, (beforePrevious[column - 2] as number) + 1);
      current.push(least);
    }
    if (Math.min(...current) > limit) return limit + 1;
    [beforePrevious, previous] = [previous, current];
  }
  return Math.min(previous[y.length] as number, limit + 1);
}

/** Shorter words are names of their own once a letter is missing: Ann, An. */
const LEAST_INDEXED = 4;
const MOST_INDEXED = 20;

/**
 * The word with each of its letters left out. If one word is among the variants of the other, they are one
 * typo apart; if they share a variant, at most two.
 */
export function deletions(word: string): string[] {
  const letters = [...word];
  return [...new Set(letters.map((_, index) => letters.toSpliced(index, 1).join("")))].filter(
    (variant) => variant !== "",
  );
}

/** Whether a name is found despite typos. */
export function toleratesTypos(word: string): boolean {
  const { length } = [...word];
  return length >= LEAST_INDEXED && length <= MOST_INDEXED;
}

/** A second typo is allowed from this length on. */
const LONG_WORD = 8;

/** Whether a word of a query may be a name with typos. */
export function isTypoOf(word: string, name: string): boolean {
  if (Math.abs(word.length - name.length) > 4 || !toleratesTypos(name)) return false;
  const limit = Math.min([...word].length, [...name].length) >= LONG_WORD ? 2 : 1;
  return editDistance(word, name, limit) <= limit;
}
