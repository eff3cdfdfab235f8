import * as calendar from "./calendar.ts";
import * as host from "./host.ts";
import * as matching from "./matching.ts";
import * as nudges from "./nudges.ts";
import * as rewards from "./rewards.ts";

const typesIn = (...areas: readonly object[]): ReadonlySet<string> =>
  new Set(
    areas.flatMap((area) => Object.values(area as Record<string, { type: string }>)).map(({ type }) => type),
  );

/** The types of events that the host may send over HTTP. */
export const HOST_EVENT_TYPES = typesIn(host);

/** The types that only this service emits. In SQL the host may emit any other, its own included. */
export const OWN_EVENT_TYPES = typesIn(calendar, matching, nudges, rewards);
