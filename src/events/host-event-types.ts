import { similarName } from "../scoring/similar-name.ts";
import * as calendar from "./calendar.ts";
import type { AnyEvent, Subject } from "./event.ts";
import * as host from "./host.ts";
import * as matching from "./matching.ts";
import * as nudges from "./nudges.ts";
import * as rewards from "./rewards.ts";

const eventsIn = (...areas: readonly object[]): ReadonlyMap<string, AnyEvent> =>
  new Map(
    areas
      .flatMap((area) => Object.values(area as Record<string, AnyEvent>))
      .map((event) => [event.type, event]),
  );

const HOST_EVENTS = eventsIn(host);

/** The types of events that Commonwork knows from a host. Over HTTP it may send no other. */
export const HOST_EVENT_TYPES: ReadonlySet<string> = new Set(HOST_EVENTS.keys());

/**
 * The types that only this service emits. In SQL the host may emit any other, its own included. The function
 * `own_event_types` in drizzle/ has the same names.
 */
export const OWN_EVENT_TYPES: ReadonlySet<string> = new Set(
  eventsIn(calendar, matching, nudges, rewards).keys(),
);

type Named = { readonly [S in Subject]?: unknown };

/**
 * The subjects that an event of the host must name and does not: without them nobody would be notified, and
 * jobs would lack their input. The actor may be unknown.
 */
export const missingSubjects = (type: string, named: Named): Subject[] =>
  (HOST_EVENTS.get(type)?.subjects ?? []).filter(
    (subject) => subject !== "actor" && (named[subject] ?? null) === null,
  );

/** The fields of a payload, with our ids, that do not fit an event of the host; none for types of its own. */
export const payloadFaults = (type: string, payload: Readonly<Record<string, unknown>>): string[] =>
  (HOST_EVENTS.get(type)?.payload.safeParse(payload).error?.issues ?? []).map(({ path, code }) => {
    const isMissing = path.length === 1 && payload[String(path[0])] === undefined;
    return `payload.${path.join(".")}: ${isMissing ? "missing" : code}`;
  });

/** The type of the host's events that was probably meant by a name: at most two letters differ. */
export const similarType = (type: string): string | null => similarName(type, [...HOST_EVENT_TYPES]);
