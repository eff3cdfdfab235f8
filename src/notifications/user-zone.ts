import type { Log } from "../log.ts";
import { isTimeZone } from "../scoring/local-time.ts";
import { shorten } from "../shorten.ts";

/** How the time zones of users are read. */
export type ZoneContext = {
  /** The zone of users whose own is missing or unknown. */
  readonly defaultZone: string;
  readonly log: Log;
};

/** At most this many names are remembered and logged by a process. */
const MAX_LOGGED = 1_000;
const NAME_LENGTH = 64;
const logged = new Set<string>();

/**
 * A user's zone, or the default if it is missing or unknown. Names of zones are read here alone, never by
 * Postgres, which knows others. An unknown name is logged once by each process.
 */
export function userZone(timeZone: string | null, { defaultZone, log }: ZoneContext): string {
  // Trying a name that is unknown takes as long as a hundred decisions.
  if (timeZone === null || timeZone === "" || logged.has(timeZone)) return defaultZone;
  if (isTimeZone(timeZone)) return timeZone;
  const zone = shorten(timeZone, NAME_LENGTH);
  if (!logged.has(zone) && logged.size < MAX_LOGGED) {
    logged.add(zone);
    log.warn({ zone, defaultZone }, "unknown time zone of a user; the default zone is used");
  }
  return defaultZone;
}
