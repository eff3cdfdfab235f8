import { expect, test } from "vitest";
import { ALERT_RULES } from "../../src/alerts/rules.ts";
import { isWatched, watchAlerts } from "../../src/alerts/watch.ts";
import { scrapedGauges } from "../../src/http/metrics/gauges.ts";
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

test("what counters would show is read from Postgres: conflicts of sales, events that notify nobody", async () => {
  const world = await createWorld();
  await world.producers.queue("commissions").waitUntilReady();
  await world.query(
    `insert into audit_log (actor, action, subject, at) values ('api', 'sale.conflict', 'sale:1', now() - interval '16 minutes')`,
  );
  await world.query(
    `insert into event_outcomes (event_id, outcome, decided_at) values (7, 'ignored', now() - interval '61 minutes')`,
  );
  const watch = watchOf(world, { ms: 0 });
  expect(await named(watch)).toEqual([]);
  await world.query(
    `insert into audit_log (actor, action, subject) values ('api', 'sale.conflict', 'sale:1')`,
  );
  await world.query(
    `insert into event_outcomes (event_id, outcome, decided_at) values (8, 'rejected', now())`,
  );
  expect((await named(watch)).map(([name]) => name)).toEqual(["SaleConflict", "EventsNotDecided"]);
});

test("an unreachable Postgres is an alert, and the only one", async () => {
  const world = await createWorld();
  await world.producers.queue("commissions").waitUntilReady();
  await world.query(DEAD_LETTER);
  const db = { ...world.db, drizzle: { execute: () => Promise.reject(new Error("gone")) } as never };
  const alerts = await named(watchOf({ ...world, db }, { ms: 0 }));
  expect(alerts).toEqual([["ServerUnreachable", "pending", { part: "postgres" }]]);
});

test("rules that need the history of a counter are left to Prometheus", () => {
  const left = ALERT_RULES.filter((rule) => !isWatched(rule)).map(({ name }) => name);
  expect(left).toContain("WorkersLost");
  expect(left.length).toBeLessThan(ALERT_RULES.length / 3);
});
