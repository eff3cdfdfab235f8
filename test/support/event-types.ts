import * as calendar from "../../src/events/calendar.ts";
import type { EventType } from "../../src/events/event.ts";
import * as host from "../../src/events/host.ts";
import * as matching from "../../src/events/matching.ts";
import * as nudges from "../../src/events/nudges.ts";
import * as rewards from "../../src/events/rewards.ts";

/** Every event type that is declared in src/events. */
export const EVENT_TYPES: readonly EventType<unknown>[] = [host, rewards, matching, nudges, calendar].flatMap(
  (area) => Object.values<EventType<unknown>>(area),
);
