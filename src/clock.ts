/** The source of the current time. Jobs receive theirs as `now`; only the edges of the program use it. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
