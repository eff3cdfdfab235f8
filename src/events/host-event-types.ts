import * as host from "./host.ts";

/** The types of events that the host may send over HTTP. All others are this service's own. */
export const HOST_EVENT_TYPES: ReadonlySet<string> = new Set(Object.values(host).map(({ type }) => type));
