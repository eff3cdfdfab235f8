import { setTimeout as delay } from "node:timers/promises";
import { type Bench, type BenchContext, type Figure, LARGE_POSTGRES, measure, quantile } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { loadCommunity } from "./community.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { figuresOf, latencyEnvironment, measureLatency } from "./latency.ts";
import { named, sayLoopDelaysAt } from "./loop-delays.ts";
import { startCommonwork } from "./service.ts";

const RECIPIENTS = 1_000_000;
const BUYERS = 30_000;
const SALES_PER_SECOND = 100;
const PARTICIPANTS = 5_000;
const MESSAGES = 60;
const LIMIT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 50;

/**
 * One event for everybody: alone, and beside sales; and a large thread in which somebody writes each second.
 */
export const announcement: Bench = {
  name: "announcement",
  postgres: LARGE_POSTGRES,
  describe: ({ scale }) =>
    `one document for ${RECIPIENTS * scale} users with access, in the app and as a decision about e-mail; a fifth of them have preferences or settings. By one worker ` +
    `process, with nothing beside it; then beside ${SALES_PER_SECOND} sales/s through api and worker. Then ${Math.round(MESSAGES * scale)} messages, one a second, in a thread of ` +
    `${PARTICIPANTS} participants. Postgres and Redis on the same machine.`,
  async run(context) {
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) =>
      load(scratch, Math.round(RECIPIENTS * context.scale)),
    );
    await context.loaded();
    const once = { ...context, runs: context.runs ?? 1 };
    await measure(once, () => withClone(context, template, (scratch) => alone(context, scratch)));
    await measure(once, () => withClone(context, template, (scratch) => besideSales(context, scratch)));
    await measure(once, () => withClone(context, template, (scratch) => thread(context, scratch)));
  },
};

async function load(scratch: Scratch, recipients: number): Promise<void> {
  await loadCommunity(scratch, BUYERS);
  await scratch.sql(
    "insert into users (name, email) select 'User ' || n, 'user' || n || '@example.org' from generate_series(1, $1::int) n",
    [recipients],
  );
  await scratch.sql(
    "insert into organization_members (organization_id, user_id, role) values (1, 1, 'owner')",
  );
  await scratch.sql("insert into projects (organization_id, name, created_by) values (1, 'Everybody', 1)");
  await scratch.sql("insert into resources (project_id, name) values (1, 'Invitation.pdf')");
  await scratch.sql(
    "insert into project_access_grants (project_id, user_id, permission) select 1, id, 'view' from users where id > $1",
    [BUYERS],
  );
  await scratch.sql(
    `insert into notification_preferences (user_id, scope_type, event_type, channel, status)
     select id, 'global', '*', 'email', (array['muted', 'digest'])[1 + id / 10 % 2] from users where id > $1 and id % 10 = 0`,
    [BUYERS],
  );
  await scratch.sql(
    "insert into user_notification_settings (user_id, quiet_from, quiet_to) select id, 1320, 420 from users where id > $1 and id % 10 = 5",
    [BUYERS],
  );
  await scratch.sql("insert into chat_threads (topic) values ('Everybody')");
  await scratch.sql(
    "insert into chat_thread_participants (thread_id, user_id) select 1, id from users where id between 1 and $1",
    [PARTICIPANTS],
  );
}

/** The owner uploads the document. */
const announce = (scratch: Scratch) =>
  scratch.sql(
    "insert into domain_events (event_type, actor_id, project_id, resource_id) values ('document_uploaded', 1, 1, 1)",
  );

const alone = (context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> =>
  besideWorkers(context, scratch, { queue: "notifications" }, async () => {
    const startedAt = performance.now();
    await announce(scratch);
    const longestMs = await untilDecided(context, scratch);
    return [
      {
        figure: "everybody decided, nothing beside it",
        unit: "s",
        value: (performance.now() - startedAt) / 1_000,
      },
      { figure: "longest transaction seen", unit: "ms", value: longestMs },
    ];
  });

async function besideSales(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const environment = latencyEnvironment(context, scratch);
  const api = await startCommonwork({ ...environment, ROLES: "api" });
  const worker = await startCommonwork({
    ...environment,
    ROLES: "worker",
    WORKER_QUEUES: "commissions,notifications",
  });
  const latency = (name: string) =>
    measureLatency(context, scratch, api.port, BUYERS, name, SALES_PER_SECOND);
  const idle = await latency("idle");
  const startedAt = performance.now();
  await announce(scratch);
  let seconds = Number.NaN;
  const decided = untilDecided(context, scratch).then(() => {
    seconds = (performance.now() - startedAt) / 1_000;
  });
  const busy: number[] = [];
  while (Number.isNaN(seconds)) busy.push(...(await latency("beside")));
  await decided;
  await sayLoopDelaysAt(context, worker.port);
  await worker.stop();
  await api.stop();
  busy.sort((a, b) => a - b);
  return [
    { figure: `everybody decided, beside ${SALES_PER_SECOND} sales/s`, unit: "s", value: seconds },
    {
      figure: "p99 of sales beside it / p99 idle",
      unit: "times",
      value: quantile(busy, 0.99) / quantile(idle, 0.99),
    },
    ...figuresOf("202 to settled, idle", idle),
    ...figuresOf("202 to settled, beside it", busy),
  ];
}

/** Waits until every recipient has both decisions. @returns the age of the oldest transaction seen. */
async function untilDecided(context: BenchContext, scratch: Scratch): Promise<number> {
  const recipients = Math.round(RECIPIENTS * context.scale);
  let longestMs = 0;
  for (
    const deadline = performance.now() + LIMIT_MS;
    performance.now() < deadline;
    await delay(LOOK_EVERY_MS)
  ) {
    const [seen] = await scratch.sql(
      `select coalesce(max(extract(epoch from clock_timestamp() - xact_start)) * 1000, 0)::float8 as ms,
              not exists (select 1 from outbox where job like 'notify-%') as done
       from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'bench'`,
    );
    const { ms, done } = seen as { ms: number; done: boolean };
    longestMs = Math.max(longestMs, ms);
    if (!done) continue;
    const [found] = await scratch.sql(
      `select (select count(*)::int from deliveries where event_type = 'document_uploaded') as decisions,
              (select count(*)::int from notifications where event_type = 'document_uploaded') as shown`,
    );
    const { decisions, shown } = found as { decisions: number; shown: number };
    if (decisions !== recipients * 2 || shown !== recipients)
      throw new Error(`${decisions} decisions and ${shown} notifications for ${recipients} recipients`);
    return longestMs;
  }
  throw new Error("The event was not decided in time.");
}

async function thread(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const messages = Math.max(5, Math.round(MESSAGES * context.scale));
  const figures = await besideWorkers(context, scratch, { queue: "notifications" }, () =>
    writeMessages(scratch, messages),
  );
  return figures.map((figure) => named("thread", figure));
}

/** From the message to the commit that counts it for the last participant. */
async function writeMessages(scratch: Scratch, messages: number): Promise<readonly Figure[]> {
  const startedAt = performance.now();
  for (let n = 0; n < messages; n++) {
    const dueMs = startedAt + n * 1_000 - performance.now();
    if (dueMs > 0) await delay(dueMs);
    await scratch.sql(
      `with message as (insert into messages (thread_id, sender_id, body) values (1, 1, 'Hello') returning id)
       insert into domain_events (event_type, actor_id, thread_id, payload)
       select 'chat_message_sent', 1, 1, jsonb_build_object('message_id', id::text) from message`,
    );
  }
  const lastAt = performance.now();
  const counted = messages * (PARTICIPANTS - 1);
  for (const deadline = lastAt + LIMIT_MS; performance.now() < deadline; await delay(LOOK_EVERY_MS)) {
    const [found] = await scratch.sql(
      "select coalesce(sum(count), 0)::int as n from notifications where event_type = 'chat_message_sent'",
    );
    if (Number(found?.["n"]) === counted)
      return [
        {
          figure: `last of ${messages} messages to everybody`,
          unit: "ms",
          value: performance.now() - lastAt,
        },
      ];
  }
  throw new Error("The messages were not counted in time.");
}
