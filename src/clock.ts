/** Where the time comes from. Jobs are given theirs as `now`; only the edges of the program ask a clock. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
