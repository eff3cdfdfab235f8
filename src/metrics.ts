import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/**
 * Every part of every job has its own series, so there are few buckets; the time limit of each form of job is
 * one.
 */
const RUN_SECONDS = [0.01, 0.05, 0.25, 1, 5, 60, 600];

/**
 * The metrics of one process. Gauges about Postgres and Redis are read at each scrape
 * (http/metrics/gauges.ts).
 */
export type Metrics = ReturnType<typeof createMetrics>;

/** Names begin with `commonwork_` and end with the unit. */
export function createMetrics() {
  const registry = Registry.merge([processMetrics()]);
  const at = { registers: [registry] };
  return {
    registry,
    ...jobMetrics(at),
    ...webhookMetrics(at),
    ...scrapedMetrics(at),
    ...outboxMetrics(at),
    ...mirrorMetrics(at),
  };
}

let ofProcess: Registry | undefined;

/**
 * Node's metrics of the process: memory, garbage collection, event loop delay. They are registered once per
 * process, because each registration starts a 10 ms timer and a garbage collection observer that never stop.
 */
function processMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
    shareLoopWindow(ofProcess);
  }
  return ofProcess;
}

/** A little less than the time between two rounds of presence, or two scrapes. */
const LOOP_WINDOW_MS = 14_000;

type Collected = { collect?: () => void };

/**
 * prom-client starts to measure the delay of the event loop anew whenever somebody reads it, and a second
 * reader right after the first would see almost nothing. So that a scrape and the alerts of this process see
 * the same, a measurement lasts for LOOP_WINDOW_MS at least; the last one is read until then. Its 99th
 * percentile can also be read alone.
 */
export function shareLoopWindow(registry: Registry, nowMs = () => performance.now()): void {
  const metric = (name: string) => registry.getSingleMetric(name) as unknown as Collected;
  const lag = metric("nodejs_eventloop_lag_seconds");
  const collect = lag.collect?.bind(lag);
  let nextMs = Number.NEGATIVE_INFINITY;
  const collectInTurn = () => {
    if (nowMs() < nextMs) return;
    nextMs = nowMs() + LOOP_WINDOW_MS;
    collect?.();
  };
  for (const one of [lag, metric("nodejs_eventloop_lag_p99_seconds")]) one.collect = collectInTurn;
}

type Registered = { readonly registers: Registry[] };

/** Counted by workers. */
function jobMetrics(at: Registered) {
  return {
    wait: new Histogram({
      name: "commonwork_job_wait_seconds",
      help: "Time from adding a carrier to Redis to its start.",
      labelNames: ["queue"],
      buckets: SECONDS,
      ...at,
    }),
    run: new Histogram({
      name: "commonwork_job_run_seconds",
      help: "Time that one attempt of a carrier took.",
      labelNames: ["queue", "job"],
      buckets: RUN_SECONDS,
      ...at,
    }),
    outcomes: new Counter({
      name: "commonwork_job_outcomes_total",
      help: "Entries by outcome.",
      labelNames: ["queue", "job", "outcome"],
      ...at,
    }),
    circuitOpenings: new Counter({
      name: "commonwork_circuit_openings_total",
      help: "Pauses of a job whose work failed for a reason that is not about its entries, by fault.",
      labelNames: ["job", "fault"],
      ...at,
    }),
    circuitOpen: new Gauge({
      name: "commonwork_circuit_open",
      help: "1 while this process pauses a job, else 0.",
      labelNames: ["job"],
      ...at,
    }),
    events: new Counter({
      name: "commonwork_events_total",
      help: "Domain events by type and outcome: decided, no-recipients (handled, with nobody to notify), ignored (the type is unknown) or rejected (the payload does not fit).",
      labelNames: ["type", "outcome"],
      ...at,
    }),
    embeddings: new Counter({
      name: "commonwork_embeddings_total",
      help: "Texts of postings and users by outcome: embedded, or why not. Without them, recommendations use the formula without embeddings.",
      labelNames: ["type", "outcome"],
      ...at,
    }),
    loopDelay: new Histogram({
      name: "commonwork_job_loop_delay_seconds",
      help: "Times of 50 ms or more for which code of a job held the event loop; job none: what no job held.",
      labelNames: ["queue", "job"],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ...at,
    }),
    stalled: new Counter({
      name: "commonwork_carriers_stalled_total",
      help: "Carriers whose worker was lost.",
      labelNames: ["queue"],
      ...at,
    }),
    lockLost: new Counter({
      name: "commonwork_lock_renewals_failed_total",
      help: "Carriers whose lock could not be renewed.",
      labelNames: ["queue"],
      ...at,
    }),
  };
}

/** Counted by the api role. */
function webhookMetrics(at: Registered) {
  return {
    webhookCalls: new Counter({
      name: "commonwork_webhook_deliveries_total",
      help: "Webhook requests by result.",
      labelNames: ["source", "status"],
      ...at,
    }),
    accept: new Histogram({
      name: "commonwork_webhook_accept_seconds",
      help: "Time from the last byte of a webhook request to its answer.",
      labelNames: ["source"],
      buckets: SECONDS,
      ...at,
    }),
    logins: new Counter({
      name: "commonwork_admin_logins_total",
      help: "Logins to the dashboard by outcome.",
      labelNames: ["outcome"],
      ...at,
    }),
    rateLimited: new Counter({
      name: "commonwork_rate_limited_requests_total",
      help: "Requests answered 429 by group of routes: those of users (api/search), of a webhook (webhooks/records), of the dashboard (admin).",
      labelNames: ["routes"],
      ...at,
    }),
    groupSize: new Histogram({
      name: "commonwork_intake_group_size",
      help: "Webhook requests committed together.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      ...at,
    }),
  };
}

/** Set at each scrape. */
function scrapedMetrics(at: Registered) {
  return {
    reachable: new Gauge({
      name: "commonwork_reachable",
      help: "1 if postgres or redis answered in time, else 0.",
      labelNames: ["part"],
      ...at,
    }),
    scheduleFaults: new Counter({
      name: "commonwork_schedule_faults_total",
      help: "Schedules that threw, or whose last slot was in the future because a clock was wrong.",
      labelNames: ["schedule", "kind"],
      ...at,
    }),
    schedulePaused: new Gauge({
      name: "commonwork_schedule_paused_seconds",
      help: "How long a schedule has been paused; absent for the others.",
      labelNames: ["schedule"],
      ...at,
    }),
    postingListFailures: new Gauge({
      name: "commonwork_posting_list_failures",
      help: "Failed fetches of a list of job postings since the last that succeeded.",
      labelNames: ["source", "board"],
      ...at,
    }),
    postingListAge: new Gauge({
      name: "commonwork_posting_list_success_age_seconds",
      help: "Time since the last successful fetch of a list of job postings; absent before the first.",
      labelNames: ["source", "board"],
      ...at,
    }),
    clockOffset: new Gauge({
      name: "commonwork_clock_offset_seconds",
      help: "The clock of this machine minus that of Postgres, as last measured.",
      ...at,
    }),
    scheduleLag: new Gauge({
      name: "commonwork_schedule_lag_seconds",
      help: "Age of the oldest unfinished scheduled run.",
      ...at,
    }),
    oldestTransaction: new Gauge({
      name: "commonwork_oldest_transaction_seconds",
      help: "Age of the oldest open transaction of this database.",
      ...at,
    }),
    ledgerVerifiedAge: new Gauge({
      name: "commonwork_ledger_verified_age_seconds",
      help: "Time since the last verification of the ledger without faults began: of new rows, or of all.",
      labelNames: ["scope"],
      ...at,
    }),
    ledgerDrift: new Gauge({
      name: "commonwork_ledger_drift",
      help: "Faults found by the last ledger verifications.",
      ...at,
    }),
  };
}

/** Read at each scrape: work in Redis and Postgres. */
function outboxMetrics(at: Registered) {
  return {
    carriers: new Gauge({
      name: "commonwork_queue_carriers",
      help: "Carriers in Redis by state; absent for states without carriers.",
      labelNames: ["queue", "state"],
      ...at,
    }),
    entries: new Gauge({
      name: "commonwork_outbox_entries",
      help: "Entries in the outbox by state; more than 10,000 are estimated.",
      labelNames: ["queue", "state"],
      ...at,
    }),
    failingEntries: new Gauge({
      name: "commonwork_outbox_failing_entries",
      help: "Entries that failed five times or more and are still retried.",
      labelNames: ["queue"],
      ...at,
    }),
    postponed: new Gauge({
      name: "commonwork_outbox_postponed_entries",
      help: "Entries that wait for a version of the program which knows their job and payload.",
      labelNames: ["job"],
      ...at,
    }),
    oldest: new Gauge({
      name: "commonwork_outbox_oldest_seconds",
      help: "Age of the oldest due entry.",
      labelNames: ["queue"],
      ...at,
    }),
  };
}

/** Read at each scrape as well; absent without mirrors. */
function mirrorMetrics(at: Registered) {
  return {
    mirrorOldest: new Gauge({
      name: "commonwork_mirror_oldest_note_seconds",
      help: "Age of the oldest change of the host that is not mirrored yet.",
      labelNames: ["mirror"],
      ...at,
    }),
    mirrorWaiting: new Gauge({
      name: "commonwork_mirror_waiting_rows",
      help: "Rows of the host that refer to a row which is not mirrored.",
      labelNames: ["mirror"],
      ...at,
    }),
    mirrorFaults: new Gauge({
      name: "commonwork_mirror_faulty_rows",
      help: "Rows of the host that were refused.",
      labelNames: ["mirror"],
      ...at,
    }),
    mirrorDiffering: new Gauge({
      name: "commonwork_mirror_differing_rows",
      help: "Rows that differed from the host's in the last verification.",
      labelNames: ["mirror"],
      ...at,
    }),
    mirrorVerifiedAge: new Gauge({
      name: "commonwork_mirror_verified_age_seconds",
      help: "Time since the last verification of all mirrors began; absent before the first.",
      ...at,
    }),
    mirrorStopped: new Gauge({
      name: "commonwork_mirror_stopped",
      help: "1 while a mirror is stopped, else 0.",
      labelNames: ["mirror"],
      ...at,
    }),
  };
}
