import { setTimeout as delay } from "node:timers/promises";
import { enqueue } from "../../src/queues/enqueue.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { type Bench, type BenchContext, type Figure, measure } from "./bench.ts";
import { besideWorkers } from "./beside-workers.ts";
import { makeTemplate, type Scratch, withClone } from "./database.ts";
import { startProgram } from "./service.ts";

const USERS = 10_000;
const ITEMS = 5;
const USERS_A_PROJECT = 50;
/** Ten o'clock in the default time zone. */
const AT = "2026-03-02T18:00:00Z";

/** From the schedule's tick to the last response of the mail service. */
export const digest: Bench = {
  name: "digest",
  describe: ({ scale }) =>
    `hourly digests of ${USERS * scale} users with ${ITEMS} notifications each (documents of projects they may see, awards), ` +
    `rendered and sent to a fake of Resend, a process of its own without a rate limit. ours: email-digest and send-emails, one process.`,
  async run(context) {
    const users = Math.round(USERS * context.scale);
    context.say("loading");
    const template = await makeTemplate(context.databaseUrl, (scratch) => load(scratch, users));
    await measure(context, () => withClone(context, template, (scratch) => send(context, scratch, users)));
  },
};

async function load(scratch: Scratch, users: number): Promise<void> {
  const projects = Math.ceil(users / USERS_A_PROJECT);
  await scratch.sql("insert into organizations (name) values ('Helpers')");
  await scratch.sql(
    "insert into users (name, email) select 'User ' || n, 'user' || n || '@people.test' from generate_series(1, $1::int) n",
    [users],
  );
  await scratch.sql(
    "insert into projects (organization_id, name, created_by) select 1, 'Project ' || n, 1 from generate_series(1, $1::int) n",
    [projects],
  );
  await scratch.sql(
    "insert into project_access_grants (project_id, user_id, permission) select 1 + (id - 1) / $1::int, id, 'view' from users",
    [USERS_A_PROJECT],
  );
  await scratch.sql(
    "insert into resources (project_id, name, created_by) select p.id, 'Document ' || n || '.pdf', 1 from projects p, generate_series(1, 3) n",
  );
  // For each user three documents of their project, and two awards.
  await scratch.sql(
    "insert into domain_events (event_type, actor_id, project_id, resource_id) select 'document_uploaded', 1, project_id, id from resources",
  );
  await scratch.sql(
    `insert into domain_events (event_type, payload) select 'budget.awarded', jsonb_build_object('user_id', id::text, 'profile_id', '1',
       'organization_id', '1', 'period_id', '1', 'period', 'weekly', 'period_start', '2026-02-22', 'rank', 3, 'amount', '18.40')
     from users, generate_series(1, 2)`,
  );
  await scratch.sql(
    `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, status, decided_at)
     select e.id, e.event_type, coalesce((e.payload->>'user_id')::bigint, g.user_id), 'email', 'digested', 'hourly', 'pending', $1::timestamptz - interval '2 hours'
     from domain_events e left join project_access_grants g on g.project_id = e.project_id`,
    [AT],
  );
  await scratch.sql(
    "insert into event_outcomes (event_id, outcome, decided_at) select id, 'decided', now() from domain_events",
  );
  await scratch.sql("delete from outbox");
}

async function send(context: BenchContext, scratch: Scratch, users: number): Promise<readonly Figure[]> {
  const resend = await startProgram("bench/src/resend-program.ts", [], {});
  const url = `http://127.0.0.1:${resend.port}`;
  const environment = {
    RESEND_API_KEY: "re_test",
    RESEND_BASE_URL: url,
    EMAIL_FROM: "Commonwork <hello@commonwork.test>",
    PUBLIC_URL: "https://app.test",
  };
  const clock = { now: () => new Date(AT) };
  const figures = await besideWorkers(
    context,
    scratch,
    { queue: "notifications", clock, environment },
    async ({ relay }) => {
      const startedAt = performance.now();
      await relay.transact((tx) => enqueue(tx, emailDigest, {}));
      while ((await scratch.sql("select 1 from outbox where dead_at is null limit 1")).length > 0)
        await delay(25);
      const seconds = (performance.now() - startedAt) / 1_000;
      return [
        { figure: "digests rendered and handed over", unit: "s", value: seconds },
        { figure: "digests", unit: "1/s", value: users / seconds },
      ];
    },
  );
  const counts = (await (await fetch(url)).json()) as { taken: number; contents: number };
  await resend.stop();
  await expectComplete(scratch, users, counts);
  return figures;
}

/** A run that left a user out, or sent something twice, does not count. */
async function expectComplete(
  scratch: Scratch,
  users: number,
  counts: { taken: number; contents: number },
): Promise<void> {
  const [found] = await scratch.sql("select count(*)::int as n from deliveries where status = 'sent'");
  const n = Number(found?.n);
  if (counts.taken !== users || counts.contents !== users || n !== users * ITEMS)
    throw new Error(
      `not sent: ${counts.taken} e-mails with ${counts.contents} distinct contents, ${n} of ${users * ITEMS} notifications`,
    );
}
