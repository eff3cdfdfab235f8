const STEPS = 20;

/**
 * served = score to the nearest 0.05: what users see of a score. A finer one would tell, by its changes, what
 * others rated.
 */
export const servedScore = (score: number): number => Math.round(score * STEPS) / STEPS;
