import type { World } from "./world.ts";

// Rows of the host platform, with defaults for what a test does not care about.

async function insert(world: World, statement: string, values: unknown[]): Promise<string> {
  const [row] = await world.query<{ id: string }>(statement, values);
  return (row as { id: string }).id;
}

/** Inserts a row with these columns. @returns the row. */
export async function insertRow<Row extends object = { id: string }>(
  world: World,
  table: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<Row> {
  const names = Object.keys(fields);
  const [row] = await world.query(
    `insert into ${table} (${names.join(", ")}) values (${names.map((_, n) => `$${n + 1}`).join(", ")}) returning *`,
    Object.values(fields),
  );
  return row as Row;
}

/** Deletes all rows of tables, in this order: to truncate empty tables takes several times as long. */
export const deleteAll = (world: World, ...tables: readonly string[]) =>
  world.query(tables.map((table) => `delete from ${table}`).join("; "));

/** One user blocks another. Neither themselves nor anybody twice. */
export const block = (world: World, blocker: string, blocked: string) =>
  world.query(
    "insert into user_blocks (blocker_id, blocked_id) select $1::bigint, $2::bigint where $1::bigint <> $2::bigint on conflict do nothing",
    [blocker, blocked],
  );

export const user = (
  world: World,
  fields: { name?: string; email?: string; timeZone?: string; language?: string; isOperator?: boolean } = {},
): Promise<string> =>
  insert(
    world,
    "insert into users (name, email, time_zone, language, is_operator) values ($1, $2, $3, $4, $5) returning id",
    [
      fields.name ?? "Somebody",
      fields.email ?? null,
      fields.timeZone ?? null,
      fields.language ?? null,
      fields.isOperator ?? false,
    ],
  );

/** Several users, with numbered names and addresses. */
export async function users(world: World, count: number): Promise<string[]> {
  const drawn = await world.query<{ id: string }>(
    "insert into users (name, email) select 'User ' || n, 'user' || n || '@example.org' from generate_series(1, $1) n returning id",
    [count],
  );
  return drawn.map(({ id }) => id);
}

export async function organizationMember(
  world: World,
  organizationId: string,
  userId: string,
  role: "owner" | "member" = "member",
): Promise<void> {
  await world.query(
    `insert into organization_members (organization_id, user_id, role) values ($1, $2, $3)
     on conflict (organization_id, user_id) do update set role = excluded.role`,
    [organizationId, userId, role],
  );
}

/** A project, whose creator is a member of its organization. */
export async function project(
  world: World,
  fields: { organizationId: string; createdBy: string; name?: string; status?: string; teamLead?: string },
): Promise<string> {
  await world.query(
    "insert into organization_members (organization_id, user_id) values ($1, $2) on conflict do nothing",
    [fields.organizationId, fields.createdBy],
  );
  return insert(
    world,
    "insert into projects (organization_id, created_by, name, project_status, team_lead) values ($1, $2, $3, $4, $5) returning id",
    [
      fields.organizationId,
      fields.createdBy,
      fields.name ?? "The garden",
      fields.status ?? "active",
      fields.teamLead ?? null,
    ],
  );
}

export async function grant(
  world: World,
  projectId: string,
  userId: string,
  permission: "view" | "edit" = "view",
): Promise<void> {
  await world.query(
    `insert into project_access_grants (project_id, user_id, permission) values ($1, $2, $3)
     on conflict (project_id, user_id) do update set permission = excluded.permission`,
    [projectId, userId, permission],
  );
}

export const resource = (
  world: World,
  fields: { projectId: string; createdBy?: string; name?: string },
): Promise<string> =>
  insert(world, "insert into resources (project_id, name, created_by) values ($1, $2, $3) returning id", [
    fields.projectId,
    fields.name ?? "Plan.pdf",
    fields.createdBy ?? null,
  ]);

export async function permit(
  world: World,
  resourceId: string,
  userId: string,
  permission: "none" | "view" | "edit",
): Promise<void> {
  await world.query(
    `insert into resource_permissions (resource_id, user_id, permission) values ($1, $2, $3)
     on conflict (resource_id, user_id) do update set permission = excluded.permission`,
    [resourceId, userId, permission],
  );
}

/** A thread with participants. */
export async function thread(
  world: World,
  fields: { participants: readonly string[]; projectId?: string; topic?: string },
): Promise<string> {
  const id = await insert(
    world,
    "insert into chat_threads (project_id, topic) values ($1, $2) returning id",
    [fields.projectId ?? null, fields.topic ?? "Watering"],
  );
  await world.query(
    "insert into chat_thread_participants (thread_id, user_id) select $1, unnest($2::bigint[])",
    [id, fields.participants],
  );
  return id;
}

export const message = (
  world: World,
  fields: { threadId: string; senderId: string; body?: string; createdAt?: string },
): Promise<string> =>
  insert(
    world,
    "insert into messages (thread_id, sender_id, body, created_at) values ($1, $2, $3, coalesce($4, now())) returning id",
    [fields.threadId, fields.senderId, fields.body ?? "Who waters today?", fields.createdAt ?? null],
  );

/** A meeting of one hour with participants. */
export async function meeting(
  world: World,
  fields: {
    organizerId: string;
    startTime: string;
    participants?: readonly string[];
    projectId?: string;
    title?: string;
  },
): Promise<string> {
  const id = await insert(
    world,
    `insert into meetings (project_id, organizer_id, title, start_time, end_time)
     values ($1, $2, $3, $4, $4::timestamptz + interval '1 hour') returning id`,
    [fields.projectId ?? null, fields.organizerId, fields.title ?? "Spring planning", fields.startTime],
  );
  await world.query(
    "insert into meeting_participants (meeting_id, user_id) select $1, unnest($2::bigint[])",
    [id, fields.participants ?? []],
  );
  return id;
}

export type EventRow = {
  actorId?: string;
  projectId?: string;
  resourceId?: string;
  threadId?: string;
  meetingId?: string;
  payload?: Record<string, unknown>;
};

/** An event, inserted like the host does. */
export const hostEvent = (world: World, eventType: string, fields: EventRow = {}): Promise<string> =>
  insert(
    world,
    `insert into domain_events (event_type, actor_id, project_id, resource_id, thread_id, meeting_id, payload)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [
      eventType,
      fields.actorId ?? null,
      fields.projectId ?? null,
      fields.resourceId ?? null,
      fields.threadId ?? null,
      fields.meetingId ?? null,
      JSON.stringify(fields.payload ?? {}),
    ],
  );

/** Sets a preference of a user; global without `scope`. */
export async function prefer(
  world: World,
  userId: string,
  fields: {
    status: "muted" | "digest" | "immediate";
    scope?: { type: "project" | "thread"; id: string };
    eventType?: string;
    channel?: "*" | "in_app" | "email";
  },
): Promise<void> {
  await world.query(
    `insert into notification_preferences (user_id, scope_type, scope_id, event_type, channel, status)
     values ($1, $2, $3, $4, $5, $6)
     on conflict on constraint notification_preferences_once do update set status = excluded.status`,
    [
      userId,
      fields.scope?.type ?? "global",
      fields.scope?.id ?? null,
      fields.eventType ?? "*",
      fields.channel ?? "*",
      fields.status,
    ],
  );
}

/** Sets the e-mail frequency and quiet hours of a user. */
export async function notificationSettings(
  world: World,
  userId: string,
  fields: {
    frequency?: string;
    quietFrom?: number;
    quietTo?: number;
    unsubscribedAt?: string;
    unsubscribedTypes?: readonly string[];
  },
): Promise<void> {
  await world.query(
    `insert into user_notification_settings (user_id, frequency, quiet_from, quiet_to, unsubscribed_at, unsubscribed_types)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      userId,
      fields.frequency ?? "immediate",
      fields.quietFrom ?? null,
      fields.quietTo ?? null,
      fields.unsubscribedAt ?? null,
      fields.unsubscribedTypes ?? [],
    ],
  );
}
