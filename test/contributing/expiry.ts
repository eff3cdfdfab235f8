import { localDay } from "../../src/scoring/local-time.ts";

/** What decides whether a task expires. */
export type PendingTask = { readonly assignedAt: Date; readonly timeZone: string };

/** expired = local day of now - local day of the assignment > days, in the zone of the volunteer. */
export const isExpired = ({ assignedAt, timeZone }: PendingTask, now: Date, days: number): boolean =>
  localDay(now, timeZone) - localDay(assignedAt, timeZone) > days;
