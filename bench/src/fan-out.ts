import { setTimeout as delay } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { systemClock } from "../../src/clock.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createLog } from "../../src/log.ts";
import { decideDeliveries } from "../../src/notifications/decide-deliveries.ts";
import { findRecipients } from "../../src/notifications/find-recipients.ts";
import { loadEvents, readEvents } from "../../src/notifications/read-events.ts";
import { recordDeliveries } from "../../src/notifications/record-deliveries.ts";
import { producerConnection, workerConnection } from "../../src/queues/redis-connections.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import { startWorkers } from "../../src/roles/worker.ts";
import { catalogue } from "../../src/workers/index.ts";
import { type Bench, type BenchContext, compare, type Figure, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { benchConfig, makeTemplate, type Scratch, withClone } from "./database.ts";
import { sayLoopDelays, watchingLoop } from "./loop-delays.ts";

const EVENTS = 40_000;
/** The baseline is measured on this many. */
const BASELINE_EVENTS = 2_000;
const PROJECTS = 2_000;
const RECIPIENTS = 3;
const BASELINE_CONCURRENCY = 10;
const LATENCY_EVENTS = 2_000;
const LATENCY_PER_SECOND = 100;

/** Each event has three recipients and is decided for both channels. */
export const fanOut: Bench = {
  name: "fan-out",
  describe: ({ scale }) =>
    `${EVENTS * scale} documents uploaded to ${PROJECTS} projects by statements of 200, each for ${RECIPIENTS} recipients and two channels: six decisions and three ` +
    "notifications per event; a third of the users have preferences and settings. ours: trigger, outbox, relay, worker in one process; baseline: a plain BullMQ worker " +
    `that decides and writes the same, a transaction per event (${BASELINE_EVENTS * scale} of them). Then event to in-app row at ${LATENCY_PER_SECOND} events/s, one per statement.`,
  async run(context) {
    const template = await makeTemplate(context.databaseUrl, loadProjects);
    await compare(context, {
      baseline: () => withClone(context, template, (scratch) => plainWorker(context, scratch)),
      ours: () => withClone(context, template, (scratch) => ours(context, scratch)),
    });
    await measure({ ...context, runs: context.runs ?? 3 }, () =>
      withClone(context, template, (scratch) => latency(context, scratch)),
    );
  },
};

async function loadProjects(scratch: Scratch): Promise<void> {
  await scratch.sql("insert into organizations (name) values ('Bench')");
  await scratch.sql(
    "insert into users (name, email) select 'User ' || n, 'user' || n || '@example.org' from generate_series(1, $1::int) n",
    [PROJECTS * (RECIPIENTS + 1)],
  );
  await scratch.sql(
    "insert into projects (organization_id, name, created_by) select 1, 'Project ' || n, n from generate_series(1, $1::int) n",
    [PROJECTS],
  );
  await scratch.sql(
    `insert into project_access_grants (project_id, user_id, permission)
     select n, n + k * $1::int, 'view' from generate_series(1, $1::int) n, generate_series(1, $2::int) k`,
    [PROJECTS, RECIPIENTS],
  );
  await scratch.sql("insert into resources (project_id, name) select id, 'Plan.pdf' from projects");
  await scratch.sql(
    `insert into notification_preferences (user_id, scope_type, event_type, channel, status)
     select id, 'global', '*', 'email', (array['muted', 'digest', 'immediate'])[1 + id % 3] from users where id % 3 = 0`,
  );
  // Nine hours that begin in two: an e-mail that waits for the end of quiet hours would stay in the outbox.
  await scratch.sql(
    `insert into user_notification_settings (user_id, quiet_from, quiet_to)
     select id, (minute + 120) % 1440, (minute + 660) % 1440
     from users cross join (select extract(epoch from now())::bigint / 60 % 1440 as minute) utc where id % 3 = 1`,
  );
}

/** The project's creator uploads, and the three users with access are notified. */
async function upload(scratch: Scratch, events: number): Promise<void> {
  for (let from = 0; from < events; from += 200) {
    await scratch.sql(
      `insert into domain_events (event_type, actor_id, project_id, resource_id)
       select 'document_uploaded', 1 + n % $1::int, 1 + n % $1::int, 1 + n % $1::int from generate_series($2::int, $3::int) n`,
      [PROJECTS, from, Math.min(from + 200, events) - 1],
    );
  }
}

function open(context: BenchContext, scratch: Scratch) {
  const config = benchConfig(scratch.url, context.redisUrl);
  return openRuntime({ config, clock: systemClock, log: createLog(config.log), catalogue, timetable: [] });
}

/** A run that left something out does not count. */
async function expectComplete(scratch: Scratch, events: number): Promise<void> {
  const [found] = await scratch.sql(
    "select (select count(*)::int from deliveries) as decisions, (select count(*)::int from notifications) as notifications",
  );
  const { decisions, notifications } = found as { decisions: number; notifications: number };
  if (decisions !== events * RECIPIENTS * 2 || notifications !== events * RECIPIENTS)
    throw new Error(`${decisions} decisions and ${notifications} notifications of ${events} events`);
}

const perSecond = (events: number, startedAt: number): Figure[] => [
  { figure: "events decided", unit: "events/s", value: events / ((performance.now() - startedAt) / 1_000) },
];

async function ours(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const events = Math.round(EVENTS * context.scale);
  await upload(scratch, events);
  const runtime = open(context, scratch);
  const figures = await watchingLoop(async () => {
    const startedAt = performance.now();
    runtime.relay.start();
    const workers = startWorkers(runtime, { queues: ["notifications"] });
    await until(async () => (await scratch.sql("select 1 from outbox limit 1")).length === 0);
    const decided = perSecond(events, startedAt);
    await workers.stop(5_000);
    return decided;
  });
  await sayLoopDelays(context, runtime);
  await runtime.close();
  await expectComplete(scratch, events);
  return figures;
}

/** Without Commonwork: a job in Redis and a transaction in Postgres per event. */
async function plainWorker(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const events = Math.round(BASELINE_EVENTS * context.scale);
  await upload(scratch, events);
  await scratch.sql("truncate outbox");
  const runtime = open(context, scratch);
  const { settings, log } = runtime;
  const ids = (await scratch.sql("select id from domain_events order by id")) as { id: string }[];
  const startedAt = performance.now();
  const producing = producerConnection(runtime.config, "bench");
  const consuming = workerConnection(runtime.config, "bench");
  const queue = new Queue("plain", { connection: producing, prefix: runtime.config.redisPrefix });
  await queue.addBulk(
    ids.map(({ id }) => ({ name: "event", data: { eventId: id }, opts: { removeOnComplete: true } })),
  );
  let decided = 0;
  const worker = new Worker(
    "plain",
    async (job: { data: { eventId: string } }) => {
      await inTransaction(runtime.db, async (tx) => {
        const now = new Date();
        const { notifiable } = await readEvents(tx, await loadEvents(tx, [job.data.eventId]));
        const { recipients } = await findRecipients(tx, notifiable, { limit: 1_000, now });
        await recordDeliveries(tx, await decideDeliveries(tx, recipients, { settings, log, now }), now);
      });
      decided += 1;
    },
    { connection: consuming, prefix: runtime.config.redisPrefix, concurrency: BASELINE_CONCURRENCY },
  );
  await until(async () => decided >= events);
  const figures = perSecond(events, startedAt);
  await worker.close();
  await queue.close();
  producing.disconnect();
  consuming.disconnect();
  await runtime.close();
  await expectComplete(scratch, events);
  return figures;
}

/** From the commit of the host's row to the commit of the rows in the app, by the clock of Postgres. */
async function latency(context: BenchContext, scratch: Scratch): Promise<readonly Figure[]> {
  const events = Math.max(200, Math.round(LATENCY_EVENTS * context.scale));
  const figures = await besideWorkers(context, scratch, { queue: "notifications" }, () =>
    uploadOneByOne(scratch, events),
  );
  await expectComplete(scratch, events);
  return figures;
}

async function uploadOneByOne(scratch: Scratch, events: number): Promise<readonly Figure[]> {
  // A trigger at commit records the time: the rows have the time at which the transaction began.
  await scratch.sql("create table seen (event_id bigint, at timestamptz)");
  await scratch.sql(
    `create function note_seen() returns trigger language plpgsql as $$ begin
       insert into seen values (new.event_id, clock_timestamp()); return null; end $$`,
  );
  await scratch.sql(
    "create constraint trigger note_seen after insert on notifications deferrable initially deferred for each row execute function note_seen()",
  );
  const startedAt = performance.now();
  for (let n = 0; n < events; n++) {
    const dueMs = startedAt + (n * 1_000) / LATENCY_PER_SECOND - performance.now();
    if (dueMs > 0) await delay(dueMs);
    await scratch.sql(
      "insert into domain_events (event_type, actor_id, project_id, resource_id, created_at) values ('document_uploaded', $1, $1, $1, clock_timestamp())",
      [1 + (n % PROJECTS)],
    );
  }
  await until(async () => (await scratch.sql("select 1 from outbox limit 1")).length === 0);
  const [taken] = await scratch.sql(
    `select percentile_cont(0.99) within group (order by ms) as p99, percentile_cont(0.5) within group (order by ms) as p50
     from (select extract(epoch from max(s.at) - e.created_at)::float8 * 1000 as ms
           from seen s join domain_events e on e.id = s.event_id group by e.id) x`,
  );
  const { p50, p99 } = taken as { p50: number; p99: number };
  return [
    { figure: "event to in-app row, p99", unit: "ms", value: p99 },
    { figure: "event to in-app row, p50", unit: "ms", value: p50 },
  ];
}

const LIMIT_MS = 5 * 60_000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("The run did not end within five minutes.");
    await delay(20);
  }
}
