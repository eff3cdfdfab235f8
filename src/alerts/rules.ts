import type { Condition } from "./condition.ts";

/** `page`: money, or work that stands still. `ticket`: during working hours. */
export type Severity = "page" | "ticket";

/**
 * An alert. The table in docs/operations/index.md, the rules for Prometheus and those that the dashboard
 * evaluates are all made of these.
 */
export type AlertRule = {
  readonly name: string;
  readonly condition: Condition;
  /** How long the condition must hold, in seconds; 0 fires at once. */
  readonly forSeconds: number;
  readonly severity: Severity;
  /** What it means, in Markdown. */
  readonly meaning: string;
  /** What to do, in Markdown; links are relative to docs/operations. */
  readonly action: string;
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MONEY: readonly AlertRule[] = [
  {
    name: "LedgerDrift",
    condition: { gauge: "commonwork_ledger_drift", take: "max", is: ">", threshold: 0 },
    forSeconds: 0,
    severity: "page",
    meaning: "The ledger is inconsistent.",
    action: "`commonwork ledger:verify`; the audit rows `ledger.drift` hold the ids.",
  },
  {
    name: "LedgerNotVerified",
    condition: {
      gauge: "commonwork_ledger_verified_age_seconds",
      where: { scope: "new" },
      take: "max",
      is: ">",
      threshold: 36 * HOUR,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "New rows of the ledger were not verified for 36 hours.",
    action: "`commonwork runs --job verify-ledger`, `commonwork dead list --job verify-ledger`.",
  },
  {
    name: "LedgerNotVerifiedWhole",
    condition: {
      gauge: "commonwork_ledger_verified_age_seconds",
      where: { scope: "all" },
      take: "max",
      is: ">",
      threshold: 9 * DAY,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "The ledger was not verified as a whole for nine days.",
    action: "`commonwork runs --job verify-ledger`, `commonwork dead list --job verify-ledger`.",
  },
  {
    name: "SaleConflict",
    condition: {
      expression: 'increase(commonwork_webhook_deliveries_total{status="conflict"}[15m]) > 0',
      // The newest rows by id: the log has no index on the time.
      sql: `select exists (select from (select at, action from audit_log order by id desc limit 1000) newest
              where action = 'sale.conflict' and at > now() - interval '15 minutes') as holds`,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A sale was sent again with other values. Nothing changed.",
    action: "Ask the seller; the audit rows `sale.conflict` have both versions.",
  },
  {
    name: "SalesNotSettled",
    condition: {
      gauge: "commonwork_outbox_oldest_seconds",
      where: { queue: "commissions" },
      take: "max",
      is: ">",
      threshold: MINUTE,
    },
    forSeconds: 2 * MINUTE,
    severity: "page",
    meaning: "Sales are not settled: workers are gone, or too few.",
    action: "[Jobs are not processed](#jobs-are-not-processed).",
  },
];

const WORK: readonly AlertRule[] = [
  {
    name: "WorkNotDone",
    condition: {
      gauge: "commonwork_outbox_oldest_seconds",
      by: "queue",
      take: "max",
      is: ">",
      threshold: 15 * MINUTE,
    },
    forSeconds: 10 * MINUTE,
    severity: "ticket",
    meaning: "The oldest due work of a queue has waited for 15 minutes: workers are gone, or too few.",
    action: "[Jobs are not processed](#jobs-are-not-processed).",
  },
  {
    name: "DeadLetters",
    condition: {
      gauge: "commonwork_outbox_entries",
      where: { state: "dead" },
      by: "queue",
      take: "max",
      is: ">",
      threshold: 0,
    },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning: "Work has failed for good: dead letters need an operator.",
    action: "[Dead letters](#dead-letters): find the cause, then retry or discard them.",
  },
  {
    name: "EntriesFailing",
    condition: {
      gauge: "commonwork_outbox_failing_entries",
      by: "queue",
      take: "max",
      is: ">",
      threshold: 0,
    },
    forSeconds: 10 * MINUTE,
    severity: "ticket",
    meaning: "Entries keep failing. Retries of money and mail last for three days.",
    action: "`commonwork queues` shows the errors: fix the cause before the retries end.",
  },
  {
    name: "EntriesPostponed",
    condition: {
      gauge: "commonwork_outbox_postponed_entries",
      by: "job",
      take: "max",
      is: ">",
      threshold: 0,
    },
    forSeconds: 30 * MINUTE,
    severity: "ticket",
    meaning: "A deploy is not finished, or was rolled back, or a job was removed.",
    action: "[Entries of another version](#entries-of-another-version).",
  },
  {
    name: "EventsNotDecided",
    condition: {
      expression: 'increase(commonwork_events_total{outcome!="decided"}[1h]) > 0',
      sql: `select coalesce(max(newest.decided_at) > now() - interval '1 hour', false) as holds
            from (values ('ignored'), ('rejected')) as o (outcome)
            cross join lateral (select decided_at from event_outcomes e
              where e.outcome = o.outcome and e.outcome <> 'decided' order by event_id desc limit 1) newest`,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "The host sends events that notify nobody.",
    action:
      "The log names type and fields once an hour; `commonwork events list --outcome rejected`, or `ignored`.",
  },
  {
    name: "JobPaused",
    condition: { gauge: "commonwork_circuit_open", by: "job", take: "max", is: ">", threshold: 0 },
    forSeconds: 5 * MINUTE,
    severity: "page",
    meaning:
      "A job is paused because of the server: a locked table, a full disk, statements that run out of time.",
    action:
      "The log says since when (`circuit open`). No attempt is used; the job continues by itself once the server has recovered.",
  },
];

const SCHEDULES: readonly AlertRule[] = [
  {
    name: "RunNotFinished",
    condition: { gauge: "commonwork_schedule_lag_seconds", take: "max", is: ">", threshold: 15 * MINUTE },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning: "A scheduled run does not end: its queue has no worker, or it is dead.",
    action: "`commonwork runs --status running`, `commonwork dead list`.",
  },
  {
    name: "ScheduleFault",
    condition: { expression: "increase(commonwork_schedule_faults_total[15m]) > 0" },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A schedule cannot be opened. The others continue, and it is tried again every 10 s.",
    action: "The log has the schedule and the error.",
  },
  {
    name: "ScheduleForgotten",
    condition: {
      gauge: "commonwork_schedule_paused_seconds",
      by: "schedule",
      take: "max",
      is: ">",
      threshold: DAY,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A schedule has been paused for more than a day.",
    action: "If it was forgotten: `commonwork schedules resume <name>`.",
  },
];

const WEBHOOKS: readonly AlertRule[] = [
  {
    name: "WebhooksUnavailable",
    condition: { expression: 'increase(commonwork_webhook_deliveries_total{status="unavailable"}[5m]) > 0' },
    forSeconds: MINUTE,
    severity: "page",
    meaning: "Webhook calls get 503: Postgres is unreachable, or no secret is set.",
    action: "`GET /health/ready` names the part; the log of the start names missing variables.",
  },
  {
    name: "WebhooksUnsigned",
    condition: { expression: 'rate(commonwork_webhook_deliveries_total{status="unsigned"}[5m]) > 1' },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning: "Someone is probing, or a secret was changed on one side only.",
    action: "[Webhook secrets](#webhook-secrets); [under attack](#under-attack).",
  },
  {
    name: "WebhooksSlow",
    condition: {
      expression:
        "histogram_quantile(0.99, sum by (le) (rate(commonwork_webhook_accept_seconds_bucket[5m]))) > 0.5",
    },
    forSeconds: 10 * MINUTE,
    severity: "ticket",
    meaning: "Webhook calls are committed slowly.",
    action: "Look at the disk and the load of Postgres.",
  },
  {
    name: "PasswordGuessing",
    condition: { expression: 'increase(commonwork_admin_logins_total{outcome="limited"}[15m]) > 0' },
    forSeconds: 0,
    severity: "ticket",
    meaning: "Someone guesses a password of the dashboard.",
    action:
      "The audit rows `admin.login-failed` hold the addresses, for 30 days (`FAILED_LOGINS_DAYS`): block them at the proxy.",
  },
];

const PROCESSES: readonly AlertRule[] = [
  {
    name: "NoProcess",
    condition: { expression: "absent(commonwork_reachable)" },
    forSeconds: 2 * MINUTE,
    severity: "page",
    meaning: "Prometheus reads the metrics of no process.",
    action:
      "Is any process running? Is its `PORT` set, and the address and `METRICS_TOKEN` in the scrape job right?",
  },
  {
    name: "ServerUnreachable",
    condition: { gauge: "commonwork_reachable", by: "part", take: "min", is: "==", threshold: 0 },
    forSeconds: MINUTE,
    severity: "page",
    meaning: "Postgres or Redis is unreachable.",
    action: "[When servers fail](servers.md).",
  },
  {
    name: "ClockWrong",
    condition: { gauge: "commonwork_clock_offset_seconds", take: "abs", is: ">", threshold: 5 },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning: "The clock of a machine is wrong. Work uses the clock of Postgres; log lines do not.",
    action: "Check NTP on the machine.",
  },
  {
    name: "JobHoldsEventLoop",
    condition: {
      expression:
        'sum by (job) (increase(commonwork_job_loop_delay_seconds_count{job!="none"}[1h])) - sum by (job) (increase(commonwork_job_loop_delay_seconds_bucket{job!="none",le="0.1"}[1h])) > 3',
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A job holds the event loop for more than 100 ms.",
    action: "Report it.",
  },
  {
    name: "WorkersLost",
    condition: { expression: "increase(commonwork_carriers_stalled_total[15m]) > 3" },
    forSeconds: 0,
    severity: "page",
    meaning: "Workers are being lost.",
    action: "Look for processes that end: memory, crashes, event loops that are blocked.",
  },
  {
    name: "EventLoopBlocked",
    condition: { gauge: "nodejs_eventloop_lag_p99_seconds", take: "each", is: ">", threshold: 0.5 },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning: "An event loop is blocked. Locks last 8 s; a blocked loop cannot renew them.",
    action: "Look at the load of the machine, and at `commonwork_job_loop_delay_seconds` for the job.",
  },
  {
    name: "OldTransaction",
    condition: { gauge: "commonwork_oldest_transaction_seconds", take: "max", is: ">", threshold: MINUTE },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning:
      "Something holds a snapshot, which slows all settling. Commonwork's own transactions end within 5 s; migrations and backups take longer.",
    action:
      "`select pid, application_name, xact_start, query from pg_stat_activity order by xact_start limit 5`",
  },
];

const HOST: readonly AlertRule[] = [
  {
    name: "PostingListNotRead",
    condition: {
      gauge: "commonwork_posting_list_success_age_seconds",
      take: "max",
      is: ">",
      threshold: 3 * DAY,
    },
    forSeconds: HOUR,
    severity: "ticket",
    meaning: "A list of job postings was not read for three days. Its postings stay open.",
    action: "`commonwork postings:sources`, and [what it waits for](postings.md#what-to-watch).",
  },
  {
    name: "MirrorStopped",
    condition: { gauge: "commonwork_mirror_stopped", by: "mirror", take: "max", is: ">", threshold: 0 },
    forSeconds: 0,
    severity: "page",
    meaning: "A mirror is stopped and its changes wait.",
    action:
      "`commonwork connect status` has the reason, [connect](../connect.md#when-a-mirror-needs-attention) what to do.",
  },
  {
    name: "MirrorBehind",
    condition: {
      gauge: "commonwork_mirror_oldest_note_seconds",
      by: "mirror",
      take: "max",
      is: ">",
      threshold: MINUTE,
    },
    forSeconds: 5 * MINUTE,
    severity: "ticket",
    meaning:
      "Changes of the host are not mirrored: no worker runs, or one statement of the host changed very many rows.",
    action: "`commonwork connect status`.",
  },
  {
    name: "MirrorFaultyRows",
    condition: { gauge: "commonwork_mirror_faulty_rows", by: "mirror", take: "max", is: ">", threshold: 0 },
    forSeconds: HOUR,
    severity: "ticket",
    meaning: "Rows of the host do not fit.",
    action: "The table `mirror_faults` has their keys and the constraints.",
  },
  {
    name: "MirrorDiffers",
    condition: {
      gauge: "commonwork_mirror_differing_rows",
      by: "mirror",
      take: "max",
      is: ">",
      threshold: 0,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning:
      "Rows were written while triggers were lost or disabled, or one of our tables was changed by hand.",
    action: "`commonwork connect verify --repair`.",
  },
  {
    name: "MirrorsNotVerified",
    condition: {
      gauge: "commonwork_mirror_verified_age_seconds",
      take: "max",
      is: ">",
      threshold: 36 * HOUR,
    },
    forSeconds: HOUR,
    severity: "ticket",
    meaning: "The mirrors were not verified for a day and a half.",
    action: "`commonwork runs --job verify-mirrors` says why.",
  },
];

/** Every alert, by topic, the most urgent topics first. */
export const ALERT_RULES: readonly AlertRule[] = [
  ...MONEY,
  ...WORK,
  ...SCHEDULES,
  ...WEBHOOKS,
  ...PROCESSES,
  ...HOST,
];
