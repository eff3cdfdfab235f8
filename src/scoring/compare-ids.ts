/** The order of ids: decimal numbers without leading zeros, so the shorter one is lower. */
export const compareIds = (a: string, b: string): number =>
  a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
