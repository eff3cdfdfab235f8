/**
 * How much a word is like a name, from 0 to 1: likeness = (letters of the word that occur in the name in the
 * same order + 1 if both have the same first letter) / (letters of the word + 1). Nicknames that are in no
 * table often consist of letters of the name.
 */
export function likeness(word: string, name: string): number {
  const [x, y] = [[...word], [...name]];
  if (x.length === 0) return 0;
  const begin = x[0] === y[0] ? 1 : 0;
  return (commonLetters(x, y) + begin) / (x.length + 1);
}

/** Length of the longest common subsequence. */
function commonLetters(x: readonly string[], y: readonly string[]): number {
  let previous = new Uint8Array(y.length + 1);
  for (const letter of x) {
    const current = new Uint8Array(y.length + 1);
    for (let column = 1; column <= y.length; column++)
      current[column] =
        letter === y[column - 1]
          ? (previous[column - 1] as number) + 1
          : Math.max(previous[column] as number, current[column - 1] as number);
    previous = current;
  }
  return previous[y.length] as number;
}
