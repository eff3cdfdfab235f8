import { type AlertRule, DAY_S, HOUR_S, MINUTE_S } from "./rule.ts";

/** The ledger and sales. */
export const MONEY_RULES: readonly AlertRule[] = [
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
      isAge: true,
      where: { scope: "new" },
      take: "max",
      is: ">",
      threshold: 36 * HOUR_S,
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
      isAge: true,
      where: { scope: "all" },
      take: "max",
      is: ">",
      threshold: 9 * DAY_S,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "The ledger was not verified as a whole for nine days.",
    action: "`commonwork runs --job verify-ledger`, `commonwork dead list --job verify-ledger`.",
  },
  {
    name: "SaleConflict",
    condition: {
      counter: "commonwork_webhook_deliveries_total",
      where: { status: "conflict" },
      by: "source",
      withinSeconds: 15 * MINUTE_S,
      as: "number",
      threshold: 0,
    },
    forSeconds: 0,
    severity: "ticket",
    meaning: "A sale, or another webhook call, was sent again with other values. Nothing changed.",
    action: "Ask the sender; for sales the audit rows `sale.conflict` have both versions.",
  },
  {
    name: "SalesNotSettled",
    condition: {
      gauge: "commonwork_outbox_oldest_seconds",
      isAge: true,
      where: { queue: "commissions" },
      take: "max",
      is: ">",
      threshold: MINUTE_S,
    },
    forSeconds: 2 * MINUTE_S,
    severity: "page",
    meaning: "Sales are not settled: workers are gone, or too few.",
    action: "Follow [Jobs are not processed](#jobs-are-not-processed).",
  },
];

/** Work in the outbox. */
export const WORK_RULES: readonly AlertRule[] = [
  {
    name: "WorkNotDone",
    condition: {
      gauge: "commonwork_outbox_oldest_seconds",
      isAge: true,
      by: "queue",
      take: "max",
      is: ">",
      threshold: 15 * MINUTE_S,
    },
    forSeconds: 10 * MINUTE_S,
    severity: "ticket",
    meaning: "The oldest due work of a queue has waited for 15 minutes: workers are gone, or too few.",
    action: "Follow [Jobs are not processed](#jobs-are-not-processed).",
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
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    meaning: "Work has failed permanently: dead letters need an operator.",
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
    forSeconds: 10 * MINUTE_S,
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
    forSeconds: 30 * MINUTE_S,
    severity: "ticket",
    meaning: "A deploy is not finished, or was rolled back, or a job was removed.",
    action: "[Entries of another version](#entries-of-another-version).",
  },
  {
    name: "EventsNotDecided",
    condition: {
      counter: "commonwork_events_total",
      whereNot: { outcome: ["decided", "no-recipients"] },
      by: "type",
      withinSeconds: HOUR_S,
      as: "number",
      threshold: 0,
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
    forSeconds: 5 * MINUTE_S,
    severity: "page",
    meaning:
      "A job is paused because of the server: a locked table, a full disk, statements that run out of time.",
    action:
      "The log says since when (`circuit open`). No attempt is used; the job continues by itself once the server has recovered.",
  },
];
