/** What was asked did not answer in time. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * What `work` gives, unless it takes longer. The work itself is not ended by it: ask only for what ends by itself.
 * @throws TooSlow, or what the work throws.
 */
export async function withinLimit<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(limitMs)), limitMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
