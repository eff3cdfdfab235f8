import { randomInt } from "node:crypto";
import { organization } from "./factories.ts";
import { users } from "./platform.ts";
import type { World } from "./world.ts";

const MEMBERS = 5;

/**
 * Inserts teams of five users, each with a project that one of them created and all can view, a document and
 * a thread. Their settings and preferences are random.
 */
export async function insertTeams(
  world: World,
  { teams, timeZone }: { teams: number; timeZone: string },
): Promise<void> {
  const people = await users(world, teams * MEMBERS);
  const organizationId = await organization(world);
  await world.query("update users set time_zone = $1", [timeZone]);
  await world.query(
    `with made as (
       insert into projects (organization_id, name, project_status, created_by)
       select $1, 'Garden ' || n, 'active', ($2::bigint[])[n * ${MEMBERS}] from generate_series(1, $3::int) n returning id, created_by),
     members as (
       select made.id, made.created_by, u.user_id
       from unnest($2::bigint[]) with ordinality u(user_id, n)
       join unnest($2::bigint[]) with ordinality maker(user_id, n) on maker.n = (u.n - 1) / ${MEMBERS} * ${MEMBERS} + ${MEMBERS}
       join made on made.created_by = maker.user_id),
     joined as (
       insert into organization_members (organization_id, user_id) select $1, created_by from made),
     granted as (
       insert into project_access_grants (project_id, user_id, permission)
       select id, user_id, 'view' from members where user_id <> created_by),
     documents as (insert into resources (project_id, name) select id, 'Plan.pdf' from made),
     threads as (insert into chat_threads (project_id, topic) select id, 'Watering' from made returning id, project_id),
     participants as (
       insert into chat_thread_participants (thread_id, user_id) select t.id, m.user_id from threads t join members m on m.id = t.project_id)
     insert into messages (thread_id, sender_id, body) select t.id, m.created_by, 'Who waters?' from threads t join made m on m.id = t.project_id`,
    [organizationId, people, teams],
  );
  await insertPreferences(world);
  // Amounts are unique, so that they identify awards.
  await world.query("create sequence awards start 1000");
}

/** A random one of a list of SQL values, for each row. */
const oneOf = (...values: string[]): string =>
  `(array[${values.map((value) => `'${value}'`).join(", ")}])[1 + floor(random() * ${values.length})::int]`;

async function insertPreferences(world: World): Promise<void> {
  await world.query(
    `insert into user_notification_settings (user_id, frequency, quiet_from, quiet_to)
     select user_id, ${oneOf("immediate", "immediate", "hourly", "hourly", "daily", "daily", "daily", "weekly", "none")},
            case when rests then floor(random() * 1440)::int end, case when rests then floor(random() * 1440)::int end
     from chat_thread_participants cross join lateral (select random() < 0.2 and user_id > 0 as rests) r where random() < 0.8`,
  );
  await world.query(
    `insert into notification_preferences (user_id, scope_type, scope_id, event_type, channel, status)
     select m.user_id, s.type, s.id, t.event_type, c.channel, ${oneOf("muted", "digest", "immediate")}
     from chat_thread_participants m join chat_threads h on h.id = m.thread_id
     cross join lateral (values ('global', null::bigint), ('project', h.project_id), ('thread', h.id)) s(type, id)
     cross join (values ('*'), ('document_uploaded'), ('project_access_granted'), ('budget.awarded')) t(event_type)
     cross join (values ('*'), ('in_app'), ('email')) c(channel)
     where random() < 0.04`,
  );
}

/** Statements of the host that insert `$1` events of a type, about random groups and users. */
const WRITTEN_BY_HOST = [
  `insert into domain_events (event_type, actor_id, project_id, resource_id)
   select 'document_uploaded', p.created_by, p.id, r.id from projects p join resources r on r.project_id = p.id order by random() limit $1`,
  `insert into domain_events (event_type, actor_id, thread_id, payload)
   select 'chat_message_sent', sender_id, thread_id, jsonb_build_object('message_id', id) from messages order by random() limit $1`,
  `insert into domain_events (event_type, payload)
   select 'budget.awarded', jsonb_build_object('user_id', id::text, 'profile_id', '1', 'organization_id', '1', 'period_id', '1',
          'period', 'daily', 'period_start', '2026-06-01', 'rank', 1, 'amount', nextval('awards')::text)
   from (select user_id as id from chat_thread_participants order by random() limit $1) winners`,
  `insert into domain_events (event_type, actor_id, project_id, payload)
   select 'project_access_granted', p.created_by, p.id, jsonb_build_object('affected_user_id', g.user_id::text, 'new_permission', 'view')
   from project_access_grants g join projects p on p.id = g.project_id order by random() limit $1`,
  `insert into domain_events (event_type, actor_id, thread_id, payload)
   select 'chat_thread_participant_added', m.sender_id, m.thread_id, jsonb_build_object('added_user_id', t.user_id::text)
   from messages m join chat_thread_participants t on t.thread_id = m.thread_id order by random() limit $1`,
  `insert into domain_events (event_type, payload)
   select 'calendar.action_required', jsonb_build_object('user_id', user_id::text, 'connection_id', '1', 'provider', 'google')
   from chat_thread_participants order by random() limit least($1::int, 20)`,
];

/** Inserts at least `count` events, in statements of random types and sizes. @returns the number. */
export async function writeEvents(world: World, atLeast: number, atMostAtOnce: number): Promise<number> {
  let written = 0;
  while (written < atLeast) {
    const statement = WRITTEN_BY_HOST[randomInt(WRITTEN_BY_HOST.length)] as string;
    written += (await world.db.pool.query(statement, [1 + randomInt(atMostAtOnce)])).rowCount ?? 0;
  }
  return written;
}

/** The expected recipients, computed again from the events. */
export const DECISIONS_DUE = `
  select e.id as event_id, r.user_id, c.channel from domain_events e
  join lateral (
    select user_id from project_access_grants g where e.event_type = 'document_uploaded' and g.project_id = e.project_id
    union select created_by from projects p where e.event_type = 'document_uploaded' and p.id = e.project_id
    union select user_id from chat_thread_participants t where e.event_type = 'chat_message_sent' and t.thread_id = e.thread_id
    union select (e.payload->>'affected_user_id')::bigint where e.event_type = 'project_access_granted'
    union select (e.payload->>'added_user_id')::bigint where e.event_type = 'chat_thread_participant_added'
    union select (e.payload->>'user_id')::bigint where e.event_type in ('budget.awarded', 'calendar.action_required')
  ) r on r.user_id is distinct from e.actor_id or e.event_type = 'chat_thread_participant_added'
  join (values ('in_app'), ('email')) c(channel) on c.channel = 'in_app' or e.event_type <> 'chat_message_sent'`;
