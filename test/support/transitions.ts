import { IANAZone } from "luxon";

const HOUR_MS = 3_600_000;

/** Minutes by which the clock of a zone is ahead of UTC. */
const offsetAt = (at: number, zone: string): number => IANAZone.create(zone).offset(at);

/** The instants at which the clocks of a zone change, to the minute. */
export function transitions(zone: string, from: number, until: number): number[] {
  const found: number[] = [];
  // Two changes of a zone are further apart.
  const step = 14 * 24 * HOUR_MS;
  for (let at = from; at < until; at += step) {
    if (offsetAt(at, zone) === offsetAt(at + step, zone)) continue;
    let [low, high] = [at, at + step];
    while (high - low > 60_000) {
      const middle = low + Math.floor((high - low) / 2 / 60_000) * 60_000;
      if (offsetAt(middle, zone) === offsetAt(low, zone)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

/** The clock changes of a stretch of time: of those at the same local time by as much, one, with its zone. */
export function kindsOfTransitions(from: number, until: number): { zone: string; at: number }[] {
  const kinds = new Map<string, { zone: string; at: number }>();
  for (const zone of Intl.supportedValuesOf("timeZone"))
    for (const at of transitions(zone, from, until)) {
      const before = offsetAt(at - 1, zone);
      const minute = (at / 60_000 + before) % 1_440;
      kinds.set(`${minute} ${offsetAt(at, zone) - before}`, { zone, at });
    }
  return [...kinds.values()];
}
