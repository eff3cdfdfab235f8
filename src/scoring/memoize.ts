/** Longer texts are not remembered, which limits the memory that is used. */
const MAX_LENGTH = 500;

/**
 * A function of texts that caches its results, for texts that occur again and again, such as names of skills.
 * Results are shared: they must not be changed.
 *
 * @param limit the number of results that are remembered; beyond it all are forgotten.
 */
export function memoize<Result>(compute: (text: string) => Result, limit: number): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found as Result;
    const computed = compute(text);
    if (text.length > MAX_LENGTH) return computed;
    if (known.size >= limit) known.clear();
    known.set(text, computed);
    return computed;
  };
}

/**
 * A function that keeps its last result for inputs with the same key: a thread opens large data once for all
 * of its calls that name the same.
 */
export function keepLast<Input extends { readonly key: string }, Result>(
  open: (input: Input) => Result,
): (input: Input) => Result {
  let last: { readonly key: string; readonly result: Result } | null = null;
  return (input) => {
    if (last?.key !== input.key) last = { key: input.key, result: open(input) };
    return last.result;
  };
}
