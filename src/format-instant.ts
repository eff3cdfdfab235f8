/** An instant to the second, in UTC: `2026-03-08 01:00:00Z`. */
export const formatInstant = (at: Date | string | null): string | null =>
  at === null ? null : `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
