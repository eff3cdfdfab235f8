import { type ReferencedTable, resolveOrKeep } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";

/** The columns of an event that refer to rows of the host. */
export const SUBJECT_REFERENCES = {
  actor_id: "users",
  project_id: "projects",
  resource_id: "resources",
  thread_id: "chat_threads",
  meeting_id: "meetings",
} as const satisfies Record<string, ReferencedTable>;

/** The fields of payloads of the host's events (src/events/host.ts) that do. */
export const PAYLOAD_REFERENCES: Readonly<Record<string, ReferencedTable>> = {
  user_id: "users",
  added_user_id: "users",
  affected_user_id: "users",
  invited_user_id: "users",
  rated_user_id: "users",
  blocked_user_id: "users",
  new_member_id: "users",
  org_id: "organizations",
  message_id: "messages",
  owner_id: "users",
  viewer_id: "users",
  post_id: "posts",
  media_id: "media",
};

type EventReferences = {
  readonly [Column in keyof typeof SUBJECT_REFERENCES]?: string | null | undefined;
} & {
  readonly payload: Readonly<Record<string, unknown>>;
};

type Found = {
  readonly index: number;
  readonly name: string;
  readonly isInPayload: boolean;
  readonly table: ReferencedTable;
  readonly reference: string;
};

/** The event with our ids, or the fields that refer to unknown rows. */
type Resolved<E> = { readonly event: E } | { readonly unknown: readonly string[] };

/** Replaces references to rows of the host by our ids, in each event by itself. */
export async function resolveEventReferences<E extends EventReferences>(
  on: Queryable,
  events: readonly E[],
): Promise<Resolved<E>[]> {
  const found = events.flatMap((event, index) => referencesIn(event, index));
  const idOf = await resolveFound(on, found);
  return events.map((event, index) => {
    const mine = found.filter((one) => one.index === index);
    const unknown = mine.filter((one) => idOf(one) === undefined);
    if (unknown.length > 0)
      return { unknown: unknown.map(({ name, isInPayload }) => (isInPayload ? `payload.${name}` : name)) };
    const idsIn = (isInPayload: boolean) =>
      Object.fromEntries(
        mine
          .filter((one) => one.isInPayload === isInPayload && idOf(one) !== one.reference)
          .map((one) => [one.name, idOf(one)]),
      );
    return { event: { ...event, ...idsIn(false), payload: { ...event.payload, ...idsIn(true) } } };
  });
}

function referencesIn(event: EventReferences, index: number): Found[] {
  const among = (
    values: object,
    tables: Readonly<Record<string, ReferencedTable>>,
    isInPayload: boolean,
  ): Found[] =>
    Object.entries(tables).flatMap(([name, table]) => {
      const value = (values as Record<string, unknown>)[name];
      const isReference = typeof value === "string" || typeof value === "number";
      return isReference ? [{ index, name, isInPayload, table, reference: String(value) }] : [];
    });
  return [...among(event, SUBJECT_REFERENCES, false), ...among(event.payload, PAYLOAD_REFERENCES, true)];
}

/** One statement per table. */
async function resolveFound(
  on: Queryable,
  found: readonly Found[],
): Promise<(one: Found) => string | undefined> {
  const ids = new Map<ReferencedTable, ReadonlyMap<string, string>>();
  for (const table of new Set(found.map((one) => one.table))) {
    const references = new Set(found.filter((one) => one.table === table).map((one) => one.reference));
    ids.set(table, await resolveOrKeep(on, table, [...references]));
  }
  return ({ table, reference }) => ids.get(table)?.get(reference);
}
