import { z } from "zod";
import type { Subject } from "../events/event.ts";
import {
  HOST_EVENT_TYPES,
  missingSubjects,
  OWN_EVENT_TYPES,
  similarType,
} from "../events/host-event-types.ts";
import { readItems, readJson } from "../foreign-json.ts";
import { foreignId, isStorableInstant } from "../foreign-text.ts";
import { referenceField } from "../ids.ts";

/** Events per message. */
const MAX_EVENTS = 100;
const MAX_FAULTS_OF_EVENT = 10;
/** A sender's clock and zone may be wrong, but not by more. */
const MAX_AHEAD_MS = 24 * 3_600_000;

/** The fault of one field, for the sender. Field `body` is the whole body. */
export type EventFault = { readonly field: string; readonly fault: string };

/** Normalized to UTC, so that no part of the system gets an offset that it cannot read. */
const occurredAt = z.iso
  .datetime({ offset: true, error: "must be an ISO 8601 instant with an offset" })
  .transform((text) => new Date(text))
  .refine(isStorableInstant, "must not be before 1970")
  .transform((at) => at.toISOString());

/** Why an event of a type cannot be taken. */
function refusalOf(type: string): string {
  if (OWN_EVENT_TYPES.has(type)) return `only Commonwork emits events of the type ${type}`;
  const meant = similarType(type);
  return `is not a type that a host may send${meant === null ? "" : ` (did you mean ${meant}?)`}`;
}

const hostEventType = z
  .string()
  .refine((type) => HOST_EVENT_TYPES.has(type), { error: ({ input }) => refusalOf(String(input)) });

/** An event as the host posts it. Its `id` is the idempotency key. */
export const hostEvent = z.object({
  id: z.union([z.string(), z.int().transform(String)]).pipe(foreignId()),
  event_type: hostEventType,
  actor_id: referenceField().nullish(),
  project_id: referenceField().nullish(),
  resource_id: referenceField().nullish(),
  thread_id: referenceField().nullish(),
  meeting_id: referenceField().nullish(),
  payload: z.record(z.string(), z.unknown()).default({}),
  occurred_at: occurredAt.optional(),
});

export type HostEvent = z.output<typeof hostEvent>;

/** `rejected`: the sender has to fix it. `id` is null when it cannot be read either. */
export type ReadEvent =
  | { readonly kind: "event"; readonly event: HostEvent }
  | { readonly kind: "rejected"; readonly id: string | null; readonly faults: readonly EventFault[] };

/**
 * Reads `{ events: [ ... ] }`, each event by itself: one that is rejected leaves the others readable. Pure;
 * never throws.
 *
 * @param receivedAt events must not be more than a day ahead of it.
 */
export function readHostEvents(
  raw: Buffer,
  receivedAt: Date,
): { readonly events: readonly ReadEvent[] } | { readonly faults: readonly EventFault[] } {
  const read = readItems(raw, "events");
  if ("fault" in read) return { faults: [{ field: "body", fault: read.fault }] };
  const count = read.items.length;
  if (count === 0 || count > MAX_EVENTS)
    return { faults: [{ field: "events", fault: `must have 1 to ${MAX_EVENTS} events` }] };
  return { events: read.items.map((text) => readEvent(text, receivedAt)) };
}

function readEvent(text: string, receivedAt: Date): ReadEvent {
  const json = readJson(text);
  if ("fault" in json) return rejected(null, [{ field: "", fault: json.fault }]);
  const parsed = hostEvent.safeParse(json.value);
  const faults = [
    ...json.faults.map(({ path, fault }) => ({ field: path.join("."), fault })),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ field: path.join("."), fault: message })),
  ];
  for (const subject of parsed.data ? missingSubjects(parsed.data.event_type, subjectsOf(parsed.data)) : [])
    faults.push({ field: `${subject}_id`, fault: `is required by ${parsed.data?.event_type}` });
  if (parsed.data?.occurred_at && Date.parse(parsed.data.occurred_at) > receivedAt.getTime() + MAX_AHEAD_MS)
    faults.push({ field: "occurred_at", fault: "must not be more than a day in the future" });
  if (parsed.success && faults.length === 0) return { kind: "event", event: parsed.data };
  const id = hostEvent.shape.id.safeParse((json.value as { id?: unknown } | null)?.id);
  return rejected(id.data ?? null, faults);
}

const subjectsOf = (event: HostEvent): Readonly<Record<Subject, unknown>> => ({
  actor: event.actor_id,
  project: event.project_id,
  resource: event.resource_id,
  thread: event.thread_id,
  meeting: event.meeting_id,
});

const rejected = (id: string | null, faults: readonly EventFault[]): ReadEvent => ({
  kind: "rejected",
  id,
  faults: faults.slice(0, MAX_FAULTS_OF_EVENT),
});
