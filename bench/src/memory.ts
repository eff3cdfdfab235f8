const LOOK_EVERY_MS = 50;

/** Samples the resident memory of this process. */
export function watchMemory() {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, LOOK_EVERY_MS);
  return { mostMb: () => most / 1e6, stop: () => clearInterval(timer) };
}
