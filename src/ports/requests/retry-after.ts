const MAX_MS = 86_400_000;

/** Milliseconds of a Retry-After header: seconds, or a date. At most a day. Null if there is none. */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  const written = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(written)) return Math.min(Number(written) * 1_000, MAX_MS);
  const at = Date.parse(written);
  return Number.isNaN(at) ? null : Math.min(Math.max(at - now.getTime(), 0), MAX_MS);
}
