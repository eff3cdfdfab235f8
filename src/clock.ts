/** The source of the current time. Jobs receive theirs as `now`; only the edges of the program read a clock. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
