/** Processor time of one portion. Several jobs run side by side, and locks are renewed in between. */
const PORTION_MS = 10;
/** Fewer items are processed without waiting: single entries must not be slowed down. */
const FEW = 50;

const waiting: (() => void)[] = [];

/** Serves one portion per iteration of the event loop, whatever the number of jobs that wait for one. */
function serveNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(serveNext);
}

/** Resolves in an iteration of the event loop in which no other portion runs. */
function nextPortion(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(serveNext);
  });
}

/**
 * `items.map(work)` for work that takes long altogether: after each portion of about 10 ms, the event loop
 * serves timers, requests and other jobs. Only one portion runs per iteration of the loop, so that ten
 * concurrent jobs do not block it ten times as long.
 *
 * @param work synchronous, and at most a few milliseconds per item.
 */
export async function mapInPortions<T, R>(items: readonly T[], work: (item: T) => R): Promise<R[]> {
  if (items.length < FEW) return items.map(work);
  const results: R[] = [];
  let endsMs = 0;
  for (const item of items) {
    if (performance.now() >= endsMs) {
      await nextPortion();
      endsMs = performance.now() + PORTION_MS;
    }
    results.push(work(item));
  }
  return results;
}

/** `JSON.stringify(items.map(work))`, in portions. */
export async function stringifyInPortions<T>(
  items: readonly T[],
  work: (item: T) => unknown,
): Promise<string> {
  return `[${(await mapInPortions(items, (item) => JSON.stringify(work(item)))).join(",")}]`;
}
