/** `1,234.5` */
export const formatNumber = (n: number): string => n.toLocaleString("en-US");

/** `{ paid: 2, lines: 10 }` becomes `paid 2, lines 10`. */
export const formatCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${formatNumber(n)}`)
    .join(", ");
