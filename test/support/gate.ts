import { onTestFinished } from "vitest";

/**
 * A promise that the running test resolves, so that it controls what happens before and after. It resolves at
 * the latest when the test ends: a test that fails or is cut off must not leave work behind that waits,
 * perhaps in a transaction.
 */
export function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  onTestFinished(() => open(undefined as T));
  return { passed, open };
}
