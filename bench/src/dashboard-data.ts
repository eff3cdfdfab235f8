import type { Scratch } from "./database.ts";

/** What a large deployment has in the tables that the dashboard reads. */
export type DashboardSize = {
  readonly entries: number;
  readonly runs: number;
  readonly notifications: number;
  /** The users with ids from 1 on who have notifications and volunteer for the organization 1. */
  readonly users: number;
};

/**
 * Loads an outbox of three queues, of whose entries most are due, some later, and a twentieth dead; runs of
 * 30 days; eight days of minutes of every queue; an audit log with a tenth as many rows as there are entries,
 * the first of which is a retry of a thousand dead letters; a year of daily budgets; and notifications.
 */
export async function loadDashboard(
  { sql }: Pick<Scratch, "sql">,
  { entries, runs, notifications, users }: DashboardSize,
): Promise<void> {
  await sql(
    `insert into outbox (queue, job, key, payload, run_at, attempts, error, dead_at)
     select (array['matching', 'feeds', 'media'])[1 + g % 3], (array['place-volunteer', 'trending', 'media-metadata'])[1 + g % 3],
            'waiting-' || g, '{}', now() + (g % 1000 - 900) * interval '1 minute',
            case when g % 20 = 0 then 15 else 0 end, case when g % 20 = 0 then '22012' end,
            case when g % 20 = 0 then now() - g % 5000 * interval '1 minute' end
     from generate_series(1, $1::int) g`,
    [entries],
  );
  await loadAuditLog(sql, entries);
  await loadBudgets(sql, users);
  await sql(
    `insert into job_runs (job, trigger, input, status, created_at, started_at, finished_at, counts, error)
     select (array['trending', 'calculate-matches', 'email-digest', 'feed-presort'])[1 + g % 4], 'manual', '{}',
            case when g % 50 = 0 then 'failed' else 'done' end, at, at, at + interval '3 seconds', '{"written": 100}',
            case when g % 50 = 0 then '22012' end
     from (select g, now() - interval '30 days' * (1 - g::float8 / $1::int) as at from generate_series(1, $1::int) g) n`,
    [runs],
  );
  await sql(
    `insert into queue_minutes (minute, queue, settled, retried, died, carriers, waited_ms, longest_wait_ms, ran_ms)
     select date_trunc('minute', now()) - n * interval '1 minute', queue, 40 + n % 50, n % 7, 0, 10 + n % 5, 900, 100 + n % 900, 700
     from generate_series(1, 8 * 1440) n,
          unnest(array['commissions', 'notifications', 'matching', 'multipliers', 'recommendations', 'feeds', 'budgets', 'media', 'maintenance']) queue`,
  );
  await sql(
    `insert into notifications (user_id, event_type, event_id, title, body, link, created_at, updated_at, read_at)
     select 1 + g % $2::int, 'document_uploaded', 1 + g / 20, 'A new document', '**Ada** uploaded **Plan**', '/projects/1', at, at,
            case when g % 3 > 0 then at end
     from (select g, now() - interval '90 days' * (1 - g::float8 / $1::int) as at from generate_series(1, $1::int) g) n`,
    [notifications, users],
  );
  // What the pages of notifications and e-mails read: a decision for each, and every tenth an e-mail.
  await sql(
    `insert into deliveries (event_id, event_type, user_id, channel, decision, reason, status, created_at, decided_at, sent_at)
     select 1 + g / 20, 'document_uploaded', 1 + g % $2::int, case when g % 3 = 0 then 'email' else 'in_app' end,
            case when g % 7 = 0 then 'skipped' else 'now' end, case when g % 7 = 0 then 'preference' end,
            case when g % 7 = 0 then 'none' else 'sent' end, at, at, case when g % 7 > 0 then at end
     from (select g, now() - interval '90 days' * (1 - g::float8 / $1::int) as at from generate_series(1, $1::int) g) n`,
    [notifications, users],
  );
  await sql(
    `insert into emails (batch_id, user_id, delivery_id, status, created_at, sent_at)
     select 1 + g / 100, 1 + g % $2::int, g, case when g % 50 = 0 then 'failed' else 'delivered' end, at, at
     from (select g, now() - interval '90 days' * (1 - g::float8 / $1::int) as at from generate_series(10, $1::int, 10) g) n`,
    [notifications, users],
  );
  // Their events are decided: no fan-out is enqueued.
  await sql(
    `do $$ begin
       set local session_replication_role = replica;
       insert into domain_events (id, event_type, occurred_at, created_at)
       select event_id, 'document_uploaded', min(created_at), min(created_at) from notifications group by event_id;
       insert into event_outcomes (event_id, outcome, decided_at)
       select id, 'decided', created_at + interval '1 second' from domain_events;
       perform setval(pg_get_serial_sequence('domain_events', 'id'), (select max(id) from domain_events));
     end $$`,
  );
}

/** Ids of every twentieth entry are those of dead letters. */
async function loadAuditLog(sql: Scratch["sql"], entries: number): Promise<void> {
  await sql(
    `insert into audit_log (at, actor, action, subject, details)
     select now() - interval '31 days', 'ada', 'dead-letters.retry', 'outbox',
            jsonb_build_object('reason', 'the outage of last night', 'ids', jsonb_agg((g * 20)::text), 'runs', jsonb_agg(null::text))
     from generate_series(1, least(1000, $1::int / 20)) g`,
    [entries],
  );
  await sql(
    `insert into audit_log (at, actor, action, subject, details)
     select now() - interval '30 days' * (1 - g::float8 / n), (array['admin', 'ada', 'cli:grace', 'service'])[1 + g % 4],
            (array['admin.request', 'work.run-now', 'jobs.start', 'jobs.pause', 'commission.recheck'])[1 + g % 5],
            'outbox:' || g, '{"reason": "asked for by the host", "address": "192.0.2.1"}'
     from (select $1::int / 10 as n) size, generate_series(1, n) g`,
    [entries],
  );
}

/** A budget of each day of a year, with up to 200 awards. */
async function loadBudgets(sql: Scratch["sql"], users: number): Promise<void> {
  await sql(
    `with period as (
       insert into budget_periods (organization_id, period_type, period_start, start_at, end_at, time_zone, granted_micro,
         carried_micro, pool_micro, paid_micro, leftover_micro, leftover_to, eligible, paid_at, inputs)
       select 1, 'daily', day::date, day, day + interval '1 day', 'UTC', 200000000, 0, 200000000, 1000000 * n, 200000000 - 1000000 * n,
              'treasury', n, day + interval '25 hours', '{}'
       from (select least(200, $1::int) as n) size,
            generate_series(date_trunc('day', now()) - interval '365 days', now() - interval '2 days', '1 day') day
       returning id, eligible, paid_at)
     insert into budget_awards (period_id, profile_id, rank, amount_micro, score_hundredths, approved, last_approval_at,
       xp_times_level, multiplier_hundredths, active_direct_referrals, rejected, overdue)
     select id, n, n, 1000000, 1000 - n, 3, paid_at - interval '2 hours', 1000 - n, 100, 0, 0, 0
     from period, generate_series(1, eligible) n`,
    [users],
  );
}
