import { retryDeadLetters } from "../../../src/queues/dead-letters.ts";
import { pauseJob } from "../../../src/queues/job-pauses.ts";
import { pauseSchedule } from "../../../src/schedules/pause.ts";
import type { World } from "../../support/world.ts";

/** Names with markup, control characters and other scripts, as hosts and users have them. */
const ODD = "<img src=x onerror=alert(1)> \u202eevil\u001b[2J עדה 日本";

/** What a service looks like after a busy day, with something on every page of the dashboard. */
export async function busyDay(world: World): Promise<void> {
  await plantWork(world);
  await operate(world);
}

/** Some dead letters are retried, and a job and a schedule are paused. */
const operate = ({ relay, catalogue }: World): Promise<void> =>
  relay.transact(async (tx) => {
    const why = { actor: "cli:ada", reason: "the mail service was away" };
    await retryDeadLetters(tx, { ids: ["14", "21", "28"] }, { ...why, catalogue });
    const paused = catalogue.find("send-emails");
    if (paused) await pauseJob(tx, paused.job, 3_600, why);
    await pauseSchedule(tx, "verify-ledger", why);
  });

async function plantWork(world: World): Promise<void> {
  await world.query(
    `insert into queue_minutes
     select date_trunc('minute', now()) - n * interval '1 minute', q.queue,
            (q.share * (40 + 25 * sin(n / 17.0) + n % 7))::int, case when n % 23 = 0 then 3 else 0 end, case when n % 61 = 0 then 1 else 0 end,
            5, 900, (q.share * (120 + 80 * sin(n / 9.0)))::int, 700
     from generate_series(1, 180) n,
          (values ('commissions', 6.0), ('notifications', 3.0), ('matching', 0.7), ('feeds', 0.4), ('maintenance', 0.1)) q(queue, share)`,
  );
  // Failing for forty minutes, slow for half an hour.
  await world.query(
    `insert into job_activity (since, job, carriers, settled, failed, ran_ms, longest_ms)
     select to_timestamp(floor(extract(epoch from now()) / 600) * 600) - n * interval '10 minutes', job, 5, 100,
            case when n < 4 then 3 else 0 end, 100 * case when n < 3 then 900 else 60 end, 4000
     from generate_series(0, 100) n, (values ('distribute-commission'), ('calculate-matches')) j(job)`,
  );
  await world.query(
    `insert into job_runs (job, trigger, schedule, slot, input, status, created_at, started_at, finished_at, total, pending, counts, error)
     select j.job, 'schedule', j.job, now() - n * interval '17 minutes', '{"full": false}',
            case when n % 9 = 0 then 'failed' when n % 4 = 0 then 'skipped' else 'done' end,
            now() - n * interval '17 minutes', now() - n * interval '17 minutes',
            now() - n * interval '17 minutes' + (2 + n % 13) * interval '1 second', null, null,
            case when n % 4 = 0 or n % 9 = 0 then '{}'::jsonb else jsonb_build_object('written', n * 37, 'unchanged', n) end,
            case when n % 9 = 0 then '57P01' when n % 4 = 0 then 'nothing has changed' end
     from generate_series(3, 60) n, (values ('calculate-matches'), ('verify-ledger'), ('trending')) j(job)`,
  );
  await world.query(
    `insert into job_runs (job, trigger, input, status, created_at, started_at, total, pending, counts) values
       ('generate-recommendations', 'schedule', '{}', 'running', now() - interval '4 minutes', now() - interval '4 minutes', 320, 121, '{"users": 19900, "lists": 19850}'),
       ('recalculate-multipliers', 'manual', '{"organizationId": "12"}', 'running', now() - interval '40 seconds', now() - interval '40 seconds', 12, 11, '{}')`,
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at, created_at, attempts, error, dead_at)
     select 'commissions', 'distribute-commission', n::text, jsonb_build_object('saleId', n::text, 'note', $1::text),
            now() + (n - 30) * interval '3 minutes', now() - n * interval '5 minutes', n % 5, case when n % 5 > 0 then '40001' end,
            case when n % 7 = 0 then now() - n * interval '1 minute' end
     from generate_series(1, 70) n`,
    [ODD],
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, attempts, error, dead_at) values
       ('notifications', 'send-emails', $1, jsonb_build_object('to', $1::text), 100, 'call: 503 ' || $1::text, now())`,
    [ODD],
  );
  await world.query(
    `insert into processes
     select p.id, p.machine, 4000 + p.n, p.version, p.roles, p.queues, now() - interval '26 hours', now() - p.ago
     from (values
       ('a', 'api-1', 1, '0.1.0', '{api}'::text[], '{}'::text[], interval '3 seconds'),
       ('b', 'worker-1', 2, '0.1.0', '{worker}', '{commissions,notifications}', interval '5 seconds'),
       ('c', 'worker-2', 3, '0.0.9', '{worker,scheduler}', '{matching,feeds,media,maintenance}', interval '9 minutes')
     ) p(id, machine, n, version, roles, queues, ago)`,
  );
}
