import { sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { resolveReferences } from "../db/references.ts";
import { array, type Queryable, rows } from "../db/statement.ts";
import { mapInPortions, stringifyInPortions } from "../portions.ts";
import { cleanName, cleanText, messageIn, nameIn } from "./clean-name.ts";
import { mentionedIn, withOurIds } from "./markdown.ts";
import {
  type AnyNotificationType,
  NAMELESS,
  type Names,
  type Notifiable,
  type NotificationEvent,
  type SubjectRefs,
} from "./notification-type.ts";
import { notificationTypeOf } from "./type-of-event.ts";

/** An event as stored. */
export type EventRow = Omit<NotificationEvent, "names" | "refs" | "payload" | "occurredAt"> & {
  payload: unknown;
  occurredAt: string;
};

/** Stored events, sorted by whether they can be delivered. */
export type ReadEvents = {
  readonly notifiable: readonly Notifiable[];
  /** Ids of events without a notification type. */
  readonly ignored: readonly string[];
  /** Events whose payload does not fit their type, with the fields at fault. */
  readonly rejected: readonly { readonly id: string; readonly reason: string }[];
};

/** As many as a webhook call may have. An event with more is rejected: the host inserted it itself. */
const MAX_PAYLOAD_BYTES = 600_000;

/** The columns of an event row, from `domain_events d`. */
export const EVENT_COLUMNS = sql.raw(
  `d.id, d.event_type as type, d.actor_id as "actorId", d.project_id as "projectId", d.resource_id as "resourceId",
   d.thread_id as "threadId", d.meeting_id as "meetingId",
   case when pg_column_size(d.payload) <= ${MAX_PAYLOAD_BYTES} then d.payload end as payload, d.occurred_at as "occurredAt"`,
);

/** Reads events by id. */
export const loadEvents = (db: Queryable, ids: readonly string[]): Promise<EventRow[]> =>
  rows<EventRow>(
    db,
    sql`select ${EVENT_COLUMNS} from domain_events d where d.id = any(${array(ids)}::bigint[]) order by d.id`,
  );

/** Parses the payloads by type, and reads the names that the texts use, in one statement for all events. */
export async function readEvents(db: Queryable, found: readonly EventRow[]): Promise<ReadEvents> {
  const parsed = await mapInPortions(found, (row) => ({ row, ...parse(row) }));
  const fitting = parsed.flatMap(({ row, type, payload }) =>
    type && payload?.success ? [{ row, type, payload: payload.data as unknown }] : [],
  );
  const names = await loadNames(db, fitting);
  return {
    notifiable: fitting.map(({ row, type, payload }) => ({
      type,
      event: {
        ...row,
        payload,
        occurredAt: hostInstant(row.occurredAt),
        names: names.get(row.id)?.names ?? NAMELESS,
        refs: names.get(row.id)?.refs,
      },
    })),
    ignored: parsed.filter(({ type }) => !type).map(({ row }) => row.id),
    rejected: parsed.flatMap(({ row, payload }) =>
      payload && !payload.success ? [{ id: row.id, reason: faultsOf(payload.error.issues) }] : [],
    ),
  };
}

function parse(row: EventRow) {
  const type = notificationTypeOf(row.type);
  return { type, payload: type?.event.payload.safeParse(row.payload) };
}

/** The fields that do not fit. Their values are left out: they may hold personal data. */
const faultsOf = (issues: readonly { path: readonly PropertyKey[]; code?: string | undefined }[]): string =>
  issues.map(({ path, code }) => `${path.join(".") || "payload"}: ${code}`).join("; ");

/** Cleans names of many events. Most of them occur in several. */
function nameCleaner(): <N extends Record<string, string | null>>(names: N) => N {
  const cleaned = new Map<string, string>();
  const clean = (name: string): string => {
    const known = cleaned.get(name) ?? cleanName(name);
    cleaned.set(name, known);
    return known;
  };
  return <N extends Record<string, string | null>>(names: N) =>
    Object.fromEntries(
      Object.entries(names).map(([of, name]) => [of, name === null ? null : clean(name)]),
    ) as N;
}

/** The facts about the subjects of an event that texts and links use. */
type Named = { readonly names: Names; readonly refs: SubjectRefs };

/** The subjects of events, each with the alias of its table below. */
const REFS = { organization: "o", project: "p", resource: "r", thread: "t", meeting: "m" } as const;

const REF_COLUMNS = sql.raw(
  Object.entries(REFS)
    .map(([name, alias]) => `'${name}', coalesce(${alias}.host_id, ${alias}.id::text)`)
    .join(", "),
);

/**
 * Looks up each subject of an event by its key. `offset 0` keeps the planner from trying every join order:
 * plain joins took ten times as long to plan.
 */
const SUBJECTS = sql.raw(
  [
    ["users", "a", "actor_id"],
    ["users", "x", "other_id"],
    ["organizations", "o", "organization_id"],
    ["projects", "p", "project_id"],
    ["resources", "r", "resource_id"],
    ["chat_threads", "t", "thread_id"],
    ["meetings", "m", "meeting_id"],
    ["messages", "s", "message_id"],
  ]
    .map(
      ([table, alias, id]) =>
        `left join lateral (select * from ${table} where id = e.${id} offset 0) ${alias} on true`,
    )
    .join("\n"),
);

async function loadNames(
  db: Queryable,
  events: readonly { row: EventRow; type: AnyNotificationType; payload: unknown }[],
): Promise<Map<string, Named>> {
  const references = events.map(({ row, type, payload }) => {
    const { messageId = null, organizationId = null, userId = null } = type.references?.(payload) ?? {};
    return {
      event_id: row.id,
      actor_id: row.actorId,
      project_id: row.projectId,
      resource_id: row.resourceId,
      thread_id: row.threadId,
      meeting_id: row.meetingId,
      message_id: messageId,
      organization_id: organizationId,
      other_id: userId,
    };
  });
  // Most events that are written in bulk have no subjects.
  const named = references.filter(({ event_id: _, ...rest }) =>
    Object.values(rest).some((id) => id !== null),
  );
  if (named.length === 0) return new Map();
  type Row = Omit<Names, "meetingStart"> & { id: string; meetingStart: string | null; refs: SubjectRefs };
  const found = await rows<Row>(
    db,
    sql`select e.event_id as id, ${nameIn("a.name")} as actor, ${nameIn("x.name")} as other, ${nameIn("o.name")} as organization, ${nameIn("p.name")} as project,
               ${nameIn("r.name")} as resource, ${nameIn("t.topic")} as thread, ${nameIn("m.title")} as meeting,
               m.start_time as "meetingStart", m.status as "meetingStatus", ${messageIn("s.body")} as message,
               jsonb_build_object(${REF_COLUMNS}) as refs
        from jsonb_to_recordset(${await stringifyInPortions(named, (event) => event)}::jsonb) as e(
          event_id bigint, actor_id bigint, project_id bigint, resource_id bigint, thread_id bigint, meeting_id bigint,
          message_id bigint, organization_id bigint, other_id bigint)
        ${SUBJECTS}`,
  );
  const cleanNames = nameCleaner();
  const mentioned = await mentionedUsers(db, found);
  return new Map(
    await mapInPortions(found, ({ id, meetingStart, meetingStatus, message, refs, ...names }) => [
      id,
      {
        names: {
          ...cleanNames(names),
          message: message === null ? null : withOurIds(cleanText(message), mentioned),
          meetingStatus,
          meetingStart: meetingStart === null ? null : hostInstant(meetingStart),
        },
        refs,
      },
    ]),
  );
}

/** The users that messages mention: our ids by those that the host wrote. */
async function mentionedUsers(
  db: Queryable,
  messages: readonly Pick<Names, "message">[],
): Promise<ReadonlyMap<string, string>> {
  const references = messages.flatMap(({ message }) => (message === null ? [] : mentionedIn(message)));
  return resolveReferences(db, "users", [...new Set(references)]);
}
