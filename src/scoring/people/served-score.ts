const STEPS = 20;

/**
 * served = score to the nearest 0.05, the score that users see. The changes of a finer one would reveal the
 * ratings of others.
 */
export const servedScore = (score: number): number => Math.round(score * STEPS) / STEPS;
