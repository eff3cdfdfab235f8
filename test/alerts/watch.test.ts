import type { Gauge } from "prom-client";
import { describe, expect, it, test, vi } from "vitest";
import type { CounterCondition, Series } from "../../src/alerts/condition.ts";
import { createCounterHistory, isAboutCounter } from "../../src/alerts/counter-history.ts";
import { isOfProcess } from "../../src/alerts/process-history.ts";
import type { AlertRule } from "../../src/alerts/rule.ts";
import { ALERT_RULES } from "../../src/alerts/rules.ts";
import { isWatched, watchAlerts } from "../../src/alerts/watch.ts";
import { scrapedGauges } from "../../src/http/metrics/gauges.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { startPresence } from "../../src/roles/presence.ts";
import { eventually } from "../support/eventually.ts";
import { createWorld, type World } from "../support/world.ts";

function watchOf(world: World, now: { ms: number }) {
  const gauges = scrapedGauges(world, 0);
  return watchAlerts({
    registry: world.metrics.registry,
    refresh: gauges.refresh,
    on: world.db.drizzle,
    nowMs: () => now.ms,
  });
}

const named = async (watch: ReturnType<typeof watchOf>) =>
  (await watch.look()).map(({ rule, state, labels }) => [rule.name, state, labels]);

const DEAD_LETTER = `insert into outbox (job, queue, key, payload, run_at, dead_at, attempts)
  values ('distribute-commission', 'commissions', gen_random_uuid()::text, '{}', now(), now(), 1)`;

test("an alert is pending until its condition has held for its time, and starts anew after a pause", async () => {
  const world = await createWorld();
  await world.producers.queue("commissions").waitUntilReady();
  const now = { ms: 1_000_000 };
  const watch = watchOf(world, now);
  expect(await named(watch)).toEqual([]);

  await world.query(DEAD_LETTER);
  const labels = { queue: "commissions" };
  expect(await named(watch)).toEqual([["DeadLetters", "pending", labels]]);
  now.ms += 5 * 60_000 - 1;
  expect(await named(watch)).toEqual([["DeadLetters", "pending", labels]]);
  now.ms += 1;
  const [alert] = await watch.look();
  expect(alert).toMatchObject({ state: "firing", value: 1, labels, since: new Date(1_000_000) });

  await world.query("delete from outbox");
  expect(await named(watch)).toEqual([]);
  await world.query(DEAD_LETTER);
  expect(await named(watch)).toEqual([["DeadLetters", "pending", labels]]);
});

test("alerts that fire come first", async () => {
  const world = await createWorld();
  await world.producers.queue("commissions").waitUntilReady();
  await world.query(DEAD_LETTER);
  await world.query(
    "insert into ledger_verifications (as_of, scope, covers, drift) values (now(), 'all', '{}', 2)",
  );
  const alerts = await named(watchOf(world, { ms: 0 }));
  expect(alerts).toEqual([
    ["LedgerDrift", "firing", {}],
    ["DeadLetters", "pending", { queue: "commissions" }],
  ]);
});

test("an age tells since when its alert fires, whoever looks first", async () => {
  const world = await createWorld();
  await world.query(
    "insert into schedules (name, through, paused_at) values ('meeting-reminders', now(), now() - interval '3 days')",
  );
  const nowMs = Date.now();
  const [alert] = await watchOf(world, { ms: nowMs }).look();
  expect(alert).toMatchObject({ state: "firing", labels: { schedule: "meeting-reminders" } });
  expect(alert?.value).toBeGreaterThan(2 * 86_400);
  const heldMs = ((alert?.value ?? 0) - 86_400) * 1_000;
  expect(alert?.since).toEqual(new Date(nowMs - heldMs));
});

describe("the growth of counters in all processes", () => {
  /** Counts in a process of its own, and writes it. */
  async function counted(world: World, count: (metrics: Metrics) => void) {
    const metrics = createMetrics();
    count(metrics);
    await createCounterHistory(metrics.registry, ALERT_RULES).write(world.db.drizzle);
  }

  const CASES: Readonly<Record<string, (metrics: Metrics) => void>> = {
    SaleConflict: ({ webhookCalls }) => webhookCalls.inc({ source: "scicent", status: "conflict" }),
    EventsNotDecided: ({ events }) => events.inc({ type: "unknown", outcome: "ignored" }),
    ScheduleFault: ({ scheduleFaults }) => scheduleFaults.inc({ schedule: "trending", kind: "threw" }),
    WebhooksUnavailable: ({ webhookCalls }) => webhookCalls.inc({ source: "scicent", status: "unavailable" }),
    WebhooksUnsigned: ({ webhookCalls }) => webhookCalls.inc({ source: "resend", status: "unsigned" }, 151),
    WebhooksSlow: ({ accept }) => {
      for (let call = 0; call < 99; call++) accept.observe({ source: "scicent" }, call === 0 ? 2 : 0.01);
    },
    PasswordGuessing: ({ logins }) => logins.inc({ outcome: "limited" }),
    JobHoldsEventLoop: ({ loopDelay }) => {
      for (const seconds of [0.2, 0.2]) loopDelay.observe({ queue: "media", job: "media-metadata" }, seconds);
    },
    WorkersLost: ({ stalled }) => stalled.inc({ queue: "feeds" }, 2),
  };
  /** What one process counts is one half where a rule needs several. */
  const PROCESSES = 2;

  it("every rule about counters has a case", () => {
    expect(Object.keys(CASES).sort()).toEqual(
      ALERT_RULES.filter(isAboutCounter)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each(Object.entries(CASES))(
    "%s holds for the sum of the counts of several processes",
    async (name, count) => {
      const world = await createWorld();
      await world.producers.queue("commissions").waitUntilReady();
      const watch = watchOf(world, { ms: 0 });
      expect(await named(watch)).toEqual([]);
      for (let one = 0; one < PROCESSES; one++) await counted(world, count);
      expect((await named(watch)).map(([alert]) => alert)).toEqual([name]);
      const { condition } = ALERT_RULES.find((rule) => rule.name === name) as { condition: CounterCondition };
      await world.query("update alert_counts set minute = minute - $1 * interval '1 second'", [
        condition.withinSeconds + 60,
      ]);
      expect(await named(watch)).toEqual([]);
    },
  );

  it("holds for its label, and not below its threshold", async () => {
    const world = await createWorld();
    await world.producers.queue("commissions").waitUntilReady();
    await counted(world, ({ stalled, loopDelay, webhookCalls, accept, events }) => {
      stalled.inc({ queue: "feeds" }, 4);
      stalled.inc({ queue: "media" }, 3);
      for (let time = 0; time < 9; time++) {
        loopDelay.observe({ queue: "none", job: "none" }, 3);
        loopDelay.observe({ queue: "media", job: "media-metadata" }, 0.09);
      }
      webhookCalls.inc({ source: "scicent", status: "unsigned" }, 299);
      for (let call = 0; call < 200; call++) accept.observe({ source: "scicent" }, call === 0 ? 2 : 0.5);
      for (const outcome of ["decided", "no-recipients"])
        events.inc({ type: "document_uploaded", outcome }, 99);
    });
    expect(await named(watchOf(world, { ms: 0 }))).toEqual([["WorkersLost", "firing", { queue: "feeds" }]]);
  });
});

describe("what single processes measure", () => {
  /** A process of its own, which looks at its gauges as it does every 15 s. */
  async function looked(world: World, name: string, set: (metrics: Metrics) => void): Promise<void> {
    const metrics = createMetrics();
    set(metrics);
    const presence = startPresence({ ...world, metrics }, name);
    await eventually(async () => expect(await world.query("select 1 from processes")).not.toEqual([]));
    await presence.stop();
  }

  const loopDelay = ({ registry }: Metrics) => registry.getSingleMetric(LOOP_DELAY) as Gauge;
  const LOOP_DELAY = "nodejs_eventloop_lag_p99_seconds";

  const CASES: Readonly<Record<string, readonly [(metrics: Metrics) => void, Series]>> = {
    JobPaused: [
      ({ circuitOpen }) => circuitOpen.set({ job: "send-emails" }, 1),
      { labels: { job: "send-emails" }, value: 1 },
    ],
    ClockWrong: [({ clockOffset }) => clockOffset.set(-7.25), { labels: { process: "b 7" }, value: -7.25 }],
    EventLoopBlocked: [
      (metrics) => {
        const gauge = loopDelay(metrics);
        // Measured for the process of the test.
        vi.spyOn(gauge, "get").mockResolvedValue({ values: [{ labels: {}, value: 0.75 }] } as never);
      },
      { labels: { process: "b 7" }, value: 0.75 },
    ],
  };

  it("every rule about the process itself has a case", () => {
    expect(Object.keys(CASES).sort()).toEqual(
      ALERT_RULES.filter(isOfProcess)
        .map(({ name }) => name)
        .sort(),
    );
    // All others are about Postgres and Redis.
    const gauges = ALERT_RULES.flatMap((rule) =>
      "gauge" in rule.condition && !isOfProcess(rule) ? [rule.condition.gauge] : [],
    );
    expect(gauges.filter((name) => !name.startsWith("commonwork_"))).toEqual([]);
  });

  it.each(Object.entries(CASES))(
    "%s of another process is an alert, from when it began there until it has passed",
    async (name, [set, { labels, value }]) => {
      const world = await createWorld();
      await world.producers.queue("commissions").waitUntilReady();
      const { forSeconds } = ALERT_RULES.find((rule) => rule.name === name) as AlertRule;
      const found = async () =>
        (await watchOf(world, { ms: Date.now() }).look()).filter(({ rule }) => rule.name === name);
      expect(await found()).toEqual([]);
      await looked(world, "b 7", set);
      expect(await found()).toMatchObject([{ state: "pending", labels, value }]);
      // It has held since before the time of the rule, and was not seen in one of these minutes.
      await world.query(
        `insert into alert_counts select minute - n * interval '1 minute', rule, label, counted, total
         from alert_counts, generate_series(1, $1::int) n where n <> 2`,
        [forSeconds / 60],
      );
      expect(await found()).toMatchObject([{ state: "firing", labels, value }]);
      await world.query("delete from alert_counts where minute > now() - interval '2 minutes'");
      expect(await found()).toEqual([]);
    },
  );

  it("what was interrupted begins anew", async () => {
    const world = await createWorld();
    await world.producers.queue("commissions").waitUntilReady();
    await looked(world, "b 7", ({ clockOffset }) => clockOffset.set(60));
    await world.query(
      `insert into alert_counts select minute - n * interval '1 minute', rule, label, counted, total
       from alert_counts, generate_series(3, 30) n`,
    );
    const alerts = await named(watchOf(world, { ms: Date.now() }));
    expect(alerts.filter(([name]) => name === "ClockWrong")).toEqual([
      ["ClockWrong", "pending", { process: "b 7" }],
    ]);
  });
});

test("an unreachable Postgres is an alert, and the only one", async () => {
  const world = await createWorld();
  await world.producers.queue("commissions").waitUntilReady();
  await world.query(DEAD_LETTER);
  const db = { ...world.db, drizzle: { execute: () => Promise.reject(new Error("gone")) } as never };
  const alerts = await named(watchOf({ ...world, db }, { ms: 0 }));
  expect(alerts).toEqual([["ServerUnreachable", "pending", { part: "postgres" }]]);
});

test("a rule that is left to Prometheus says why", () => {
  const left = ALERT_RULES.filter((rule) => !isWatched(rule));
  expect(left.map(({ name }) => name)).toEqual(["NoProcess"]);
});
