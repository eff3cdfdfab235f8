/** One reading at a time, whose result is used again for a while. A failed one is tried again at once. */
export function sharedReading<T>(keepMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: T; readonly untilMs: number } | null = null;
  let reading: Promise<T> | null = null;
  return async () => {
    if (last !== null && performance.now() < last.untilMs) return last.value;
    reading ??= read()
      .then((value) => {
        last = { value, untilMs: performance.now() + keepMs };
        return value;
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  };
}
