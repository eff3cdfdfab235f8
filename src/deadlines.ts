/** Resolves or rejects as `work` does, or rejects with the reason when the signal aborts: whoever never answers is not waited for. */
export const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([work, rejectionOf(signal)]);

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
