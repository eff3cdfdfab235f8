/** The first and last instants that a Date and every part of the system can represent. */
const FIRST = new Date("0001-01-01T00:00:00Z");
const LAST = new Date("9999-12-31T00:00:00Z");

/**
 * An instant of a host's row, as Postgres writes it. Instants that not every part can represent (infinity,
 * years before Christ or of five digits) become the first or last one, so that they still compare correctly.
 */
export function hostInstant(text: string): Date {
  const at = new Date(text);
  if (at >= FIRST && at <= LAST) return at;
  return at < FIRST || /^-|BC$/.test(text) ? new Date(FIRST) : new Date(LAST);
}
