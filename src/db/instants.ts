/** The instants between which a Date and every part of the system can be written. */
const FIRST = new Date("0001-01-01T00:00:00Z");
const LAST = new Date("9999-12-31T00:00:00Z");

/**
 * An instant of a host's row, as Postgres writes it. What cannot be written everywhere (infinity, years
 * before Christ or of five digits) becomes the first or last instant that can, so that it compares as it
 * should.
 */
export function hostInstant(text: string): Date {
  const at = new Date(text);
  if (at >= FIRST && at <= LAST) return at;
  return at < FIRST || /^-|BC$/.test(text) ? new Date(FIRST) : new Date(LAST);
}
