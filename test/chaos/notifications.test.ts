import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmbeddedServers } from "../../src/dev/embedded-servers.ts";
import { eventually } from "../support/eventually.ts";
import * as factory from "../support/factories.ts";
import * as platform from "../support/platform.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { createWorld, type World } from "../support/world.ts";

/** 20,000 in the suite; `CHAOS_EVENTS=100000 npx vitest run test/chaos/notifications.test.ts` for the whole of it. */
const EVENTS = Number(process.env["CHAOS_EVENTS"] ?? 20_000);
const USERS = 60;
const MAX_STATEMENT = 300;
const LIMIT_MS = 120_000 + EVENTS * 5;

let redis: { redisUrl: string; stop(): Promise<void> };

beforeAll(async () => {
  // A Redis of its own: it is wiped while others test.
  redis = await startEmbeddedServers({ name: "test", durable: true, databaseUrl: "postgres://not-started" });
});

afterAll(async () => {
  await redis.stop();
});

/** A project that everybody may see, a thread that everybody takes part in, and wishes of all kinds. */
async function community(world: World) {
  const users = await platform.users(world, USERS);
  const organizationId = await factory.organization(world);
  const projectId = await platform.project(world, { organizationId, createdBy: users[0]! });
  await world.query(
    "insert into project_access_grants (project_id, user_id, permission) select $1, unnest($2::bigint[]), 'view'",
    [projectId, users.slice(1, 5)],
  );
  const resourceId = await platform.resource(world, { projectId });
  const threadId = await platform.thread(world, { participants: users.slice(0, 5) });
  const messageId = await platform.message(world, { threadId, senderId: users[0]! });
  for (const userId of users) {
    if (randomInt(2) === 0)
      await platform.notificationSettings(world, userId, {
        frequency: ["immediate", "hourly", "daily", "weekly", "none"][randomInt(5)]!,
        ...(randomInt(2) === 0 ? {} : { quietFrom: randomInt(1440), quietTo: randomInt(1440) }),
      });
    for (const channel of ["*", "in_app", "email"] as const)
      if (randomInt(4) === 0)
        await platform.prefer(world, userId, {
          channel,
          status: (["muted", "digest", "immediate"] as const)[randomInt(3)]!,
        });
  }
  return { users, projectId, resourceId, threadId, messageId };
}

type Community = Awaited<ReturnType<typeof community>>;

/** One statement of the host: some events of one kind. */
async function write(world: World, c: Community, kind: number, count: number): Promise<void> {
  const people = [c.users[0]!, ...c.users.slice(1)];
  if (kind === 0)
    await world.query(
      `insert into domain_events (event_type, actor_id, project_id, resource_id)
       select 'document_uploaded', ($1::bigint[])[1 + n % 5], $2, $3 from generate_series(1, $4::int) n`,
      [people, c.projectId, c.resourceId, count],
    );
  else if (kind === 1)
    await world.query(
      `insert into domain_events (event_type, actor_id, thread_id, payload)
       select 'chat_message_sent', $1, $2, jsonb_build_object('message_id', $3::bigint) from generate_series(1, $4::int)`,
      [people[0], c.threadId, c.messageId, count],
    );
  else
    await world.query(
      `insert into domain_events (event_type, payload)
       select 'budget.awarded', jsonb_build_object('user_id', ($1::bigint[])[1 + n % $2::int]::text, 'profile_id', '1', 'organization_id', '1',
         'period_id', '1', 'period', 'daily', 'period_start', '2026-06-01', 'rank', 1, 'amount', '5') from generate_series(1, $3::int) n`,
      [people, USERS, count],
    );
}

/** Who is to be decided about, worked out anew from the events. */
const EXPECTED = `
  select e.id as event_id, r.user_id, c.channel from domain_events e
  join lateral (
    select user_id from project_access_grants g where e.event_type = 'document_uploaded' and g.project_id = e.project_id
    union select created_by from projects p where e.event_type = 'document_uploaded' and p.id = e.project_id
    union select user_id from chat_thread_participants t where e.event_type = 'chat_message_sent' and t.thread_id = e.thread_id
    union select (e.payload->>'user_id')::bigint where e.event_type = 'budget.awarded'
  ) r on r.user_id is distinct from e.actor_id
  join (values ('in_app'), ('email')) c(channel) on c.channel = 'in_app' or e.event_type <> 'chat_message_sent'`;

describe("events under fire", () => {
  it(
    "every event, user and channel has exactly one decision, while workers are killed and Redis is wiped",
    async () => {
      const world = await createWorld({ redisUrl: redis.redisUrl });
      const c = await community(world);
      const environment = {
        DATABASE_URL: world.config.databaseUrl,
        REDIS_URL: redis.redisUrl,
        REDIS_PREFIX: world.config.redisPrefix,
        ROLES: "worker,scheduler",
      };
      const workers: ServiceProcess[] = await Promise.all([
        startServiceProcess(environment),
        startServiceProcess(environment),
      ]);
      world.closing(() => Promise.all(workers.map((worker) => worker.kill())));

      const fires = [
        { at: 0.2, set: () => world.producers.redis.flushall() },
        {
          at: 0.35,
          set: async () => {
            await workers.shift()?.kill();
            workers.push(await startServiceProcess(environment));
          },
        },
        { at: 0.55, set: () => world.producers.redis.flushall() },
        {
          at: 0.8,
          set: async () => {
            await workers.shift()?.kill();
            workers.push(await startServiceProcess(environment));
          },
        },
      ];
      for (let written = 0; written < EVENTS; ) {
        const count = Math.min(1 + randomInt(MAX_STATEMENT), EVENTS - written);
        await write(world, c, randomInt(3), count);
        written += count;
        if (written >= EVENTS * (fires[0]?.at ?? 2)) await fires.shift()?.set();
      }
      expect(fires).toEqual([]);
      await eventually(
        async () => {
          const [left] = await world.query<{ told: number; waiting: number }>(
            `select (select count(*)::int from event_outcomes where outcome = 'told') as told,
                    (select count(*)::int from outbox where job = 'notify-fan-out') as waiting`,
          );
          expect(left).toEqual({ told: EVENTS, waiting: 0 });
        },
        { withinMs: LIMIT_MS - 30_000 },
      );
      const [difference] = await world.query(
        `with expected as materialized (${EXPECTED}), decided as materialized (select event_id, user_id, channel from deliveries)
         select (select count(*)::int from (select * from expected except all select * from decided) x) as missing,
                (select count(*)::int from (select * from decided except all select * from expected) x) as surplus`,
      );
      expect(difference).toEqual({ missing: 0, surplus: 0 });
      // The messages that were counted are those that were let through.
      const [counts] = await world.query<{ counted: string; shown: string }>(
        `select (select coalesce(sum(count), 0) from notifications where counting) as counted,
                (select count(*) from deliveries where event_type = 'chat_message_sent' and decision = 'now') as shown`,
      );
      expect(counts?.counted).toBe(counts?.shown);
    },
    LIMIT_MS,
  );
});
