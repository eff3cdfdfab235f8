// Sets of interests are ascending lists of ids, each once.

/** Number of ids that both sets have. */
export function countCommon(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const order = (a[i] as number) - (b[j] as number);
    if (order === 0) common += 1;
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return common;
}
