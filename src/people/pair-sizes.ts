import type { ListVersion } from "../db/versions.ts";

/** How many of a list are served by default. */
export const DEFAULT_SERVED = 200;
/** With its reserve, a list of this length fits in a page of Postgres. */
export const MAX_SERVED = 400;
/**
 * The reserve beyond the served length, so that people can leave a list before it is recomputed: 256 for 200.
 */
const RESERVE_SHARE = 0.28;

/** Length of the lists of a version with their reserve. */
export function keepFor({ servedLength }: Pick<ListVersion, "servedLength">): number {
  const served = servedLength ?? DEFAULT_SERVED;
  return served + Math.ceil(served * RESERVE_SHARE);
}
