import { type AlertRule, DAY_S, HOUR_S, MINUTE_S } from "./rule.ts";

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
    page: { title: "Runs in progress", path: "/admin/runs?status=running" },
    meaning: "A scheduled run does not end: its queue has no worker, or it is dead.",
    action: "`commonwork runs --status running`, `commonwork dead list`.",
  },
  {
    name: "ScheduleFault",
    condition: {
      counter: "commonwork_schedule_faults_total",
      by: "schedule",
      withinSeconds: 15 * MINUTE_S,
      as: "number",
      threshold: 0,
    },
    forSeconds: 0,
    severity: "ticket",
    page: { title: "The schedule", path: "/admin/schedules#{schedule}" },
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
    page: { title: "Resume it, if it was forgotten", path: "/admin/schedules#{schedule}" },
    meaning: "A schedule has been paused for more than a day.",
    action: "On the command line: `commonwork schedules resume <name>`.",
  },
];

/** Webhooks and logins. */
export const WEBHOOK_RULES: readonly AlertRule[] = [
  {
    name: "WebhooksUnavailable",
    condition: {
      counter: "commonwork_webhook_deliveries_total",
      where: { status: "unavailable" },
      by: "source",
      withinSeconds: 5 * MINUTE_S,
      as: "number",
      threshold: 0,
    },
    forSeconds: MINUTE_S,
    severity: "page",
    meaning: "Webhook calls get 503: Postgres is unreachable, or no secret is set.",
    action: "`GET /health/ready` names the part; the log of the start names missing variables.",
  },
  {
    name: "WebhooksUnsigned",
    condition: {
      counter: "commonwork_webhook_deliveries_total",
      where: { status: "unsigned" },
      by: "source",
      withinSeconds: 5 * MINUTE_S,
      as: "per-second",
      threshold: 1,
    },
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning: "Someone is probing, or a secret was changed on one side only.",
    action: "See [webhook secrets](#webhook-secrets) and [under attack](#under-attack).",
  },
  {
    name: "WebhooksSlow",
    condition: {
      counter: "commonwork_webhook_accept_seconds",
      above: 0.5,
      withinSeconds: 5 * MINUTE_S,
      as: "share",
      threshold: 0.01,
    },
    forSeconds: 10 * MINUTE_S,
    severity: "ticket",
    meaning:
      "Webhook calls are committed slowly: more than one in a hundred takes longer than half a second.",
    action: "Look at the disk and the load of Postgres.",
  },
  {
    name: "PasswordGuessing",
    condition: {
      counter: "commonwork_admin_logins_total",
      where: { outcome: "limited" },
      withinSeconds: 15 * MINUTE_S,
      as: "number",
      threshold: 0,
    },
    forSeconds: 0,
    severity: "ticket",
    page: { title: "The addresses in the audit log", path: "/admin/audit?action=admin.login-failed" },
    meaning: "Someone guesses a password of the dashboard.",
    action:
      "The audit rows `admin.login-failed` hold the addresses, for 30 days (`FAILED_LOGINS_DAYS`): block them at the proxy.",
  },
];

/** Processes and their servers. */
export const PROCESS_RULES: readonly AlertRule[] = [
  {
    name: "NoProcess",
    condition: {
      expression: "absent(commonwork_reachable)",
      because: "it asks whether Prometheus reads any process, and this page is served by one that runs",
    },
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
    condition: {
      gauge: "commonwork_clock_offset_seconds",
      ofProcess: true,
      take: "abs",
      is: ">",
      threshold: 5,
    },
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning: "The clock of a machine is wrong. Work uses the clock of Postgres; log lines do not.",
    action: "Check NTP on the machine.",
  },
  {
    name: "JobHoldsEventLoop",
    condition: {
      counter: "commonwork_job_loop_delay_seconds",
      whereNot: { job: ["none"] },
      by: "job",
      above: 0.1,
      withinSeconds: HOUR_S,
      as: "number",
      threshold: 3,
    },
    forSeconds: 0,
    severity: "ticket",
    page: { title: "The job", path: "/admin/jobs/{job}" },
    meaning: "A job holds the event loop for more than 100 ms.",
    action: "Report it.",
  },
  {
    name: "WorkersLost",
    condition: {
      counter: "commonwork_carriers_stalled_total",
      by: "queue",
      withinSeconds: 15 * MINUTE_S,
      as: "number",
      threshold: 3,
    },
    forSeconds: 0,
    severity: "page",
    page: { title: "The queue", path: "/admin/queue/{queue}" },
    meaning: "Workers are being lost.",
    action: "Look for processes that end: memory, crashes, event loops that are blocked.",
  },
  {
    name: "EventLoopBlocked",
    condition: {
      gauge: "nodejs_eventloop_lag_p99_seconds",
      ofProcess: true,
      take: "each",
      is: ">",
      threshold: 0.5,
    },
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
