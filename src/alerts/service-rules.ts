import { type AlertRule, DAY_S, MINUTE_S } from "./rule.ts";

/** Schedules and their runs. */
export const SCHEDULE_RULES: readonly AlertRule[] = [
  {
    name: "RunNotFinished",
    condition: {
      gauge: "commonwork_schedule_lag_seconds",
      isAge: true,
      take: "max",
      is: ">",
      threshold: 15 * MINUTE_S,
    },
    forSeconds: 5 * MINUTE_S,
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
      isAge: true,
      by: "schedule",
      take: "max",
      is: ">",
      threshold: DAY_S,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A schedule has been paused for more than a day.",
    action: "If it was forgotten: `commonwork schedules resume <name>`.",
  },
];

/** Webhooks and logins. */
export const WEBHOOK_RULES: readonly AlertRule[] = [
  {
    name: "WebhooksUnavailable",
    condition: { expression: 'increase(commonwork_webhook_deliveries_total{status="unavailable"}[5m]) > 0' },
    forSeconds: MINUTE_S,
    severity: "page",
    meaning: "Webhook calls get 503: Postgres is unreachable, or no secret is set.",
    action: "`GET /health/ready` names the part; the log of the start names missing variables.",
  },
  {
    name: "WebhooksUnsigned",
    condition: { expression: 'rate(commonwork_webhook_deliveries_total{status="unsigned"}[5m]) > 1' },
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning: "Someone is probing, or a secret was changed on one side only.",
    action: "See [webhook secrets](#webhook-secrets) and [under attack](#under-attack).",
  },
  {
    name: "WebhooksSlow",
    condition: {
      expression:
        "histogram_quantile(0.99, sum by (le) (rate(commonwork_webhook_accept_seconds_bucket[5m]))) > 0.5",
    },
    forSeconds: 10 * MINUTE_S,
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

/** Processes and their servers. */
export const PROCESS_RULES: readonly AlertRule[] = [
  {
    name: "NoProcess",
    condition: { expression: "absent(commonwork_reachable)" },
    forSeconds: 2 * MINUTE_S,
    severity: "page",
    meaning: "Prometheus reads the metrics of no process.",
    action:
      "Is any process running? Is its `PORT` set, and the address and `METRICS_TOKEN` in the scrape job right?",
  },
  {
    name: "ServerUnreachable",
    condition: { gauge: "commonwork_reachable", by: "part", take: "min", is: "==", threshold: 0 },
    forSeconds: MINUTE_S,
    severity: "page",
    meaning: "Postgres or Redis is unreachable.",
    action: "See [when servers fail](servers.md).",
  },
  {
    name: "ClockWrong",
    condition: { gauge: "commonwork_clock_offset_seconds", take: "abs", is: ">", threshold: 5 },
    forSeconds: 5 * MINUTE_S,
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
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning: "An event loop is blocked. Locks last 8 s; a blocked loop cannot renew them.",
    action: "Look at the load of the machine, and at `commonwork_job_loop_delay_seconds` for the job.",
  },
  {
    name: "OldTransaction",
    condition: {
      gauge: "commonwork_oldest_transaction_seconds",
      isAge: true,
      take: "max",
      is: ">",
      threshold: MINUTE_S,
    },
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning:
      "Something holds a snapshot, which slows all settling. Commonwork's own transactions end within 5 s; migrations and backups take longer.",
    action:
      "`select pid, application_name, xact_start, query from pg_stat_activity order by xact_start limit 5`",
  },
];
