/** The instants between which a Date and every part of the system can be written. */
const FIRST = new Date("0001-01-01T00:00:00Z");
const LAST = new Date("9999-12-31T00:00:00Z");

/**
 * An instant of a host's row, as Postgres writes it. One that no Date can hold (infinity, years before
 * Christ) becomes the first or the last one that can be written, so that it compares as it should.
 */
export function hostInstant(text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  return /^-|BC$/.test(text) ? new Date(FIRST) : new Date(LAST);
}
