/** Tasks for the tests of threads. */
export const sumTo = (n: number): number => Array.from({ length: n }, (_, i) => i).reduce((a, b) => a + b, 0);

export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

export function fail(reason: string): never {
  throw new Error(reason);
}
