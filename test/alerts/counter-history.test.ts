import { expect, it } from "vitest";
import { createCounterHistory, readGrowth } from "../../src/alerts/counter-history.ts";
import { ALERT_RULES } from "../../src/alerts/rules.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createWorld } from "../support/world.ts";

const inQueue = { queue: "feeds" };

it("counts of a process are added once, and counts that could not be written are written later", async () => {
  const { db, query } = await createWorld();
  const metrics = createMetrics();
  const history = createCounterHistory(metrics.registry, ALERT_RULES);
  const counted = () => query("select rule, label, sum(counted)::int as n from alert_counts group by 1, 2");
  metrics.stalled.inc(inQueue, 2);
  await history.write(db.drizzle);
  await history.write(db.drizzle);
  expect(await counted()).toEqual([{ rule: "WorkersLost", label: "feeds", n: 2 }]);
  metrics.stalled.inc(inQueue);
  const away = { execute: () => Promise.reject(new Error("gone")) } as never;
  await expect(history.write(away)).rejects.toThrow("gone");
  metrics.stalled.inc(inQueue);
  await history.write(db.drizzle);
  expect(await counted()).toEqual([{ rule: "WorkersLost", label: "feeds", n: 4 }]);
});

it("a process without counts for a rule writes nothing", async () => {
  const metrics = createMetrics();
  metrics.webhookCalls.inc({ source: "scicent", status: "accepted" });
  const away = { execute: () => Promise.reject(new Error("gone")) } as never;
  await createCounterHistory(metrics.registry, ALERT_RULES).write(away);
});

it("two processes add to one row, and rows older than two hours are deleted", async () => {
  const { db, query } = await createWorld();
  await query(
    `insert into alert_counts (minute, rule, label, counted, total) values
       (now() - interval '121 minutes', 'WorkersLost', 'feeds', 9, 9), (now() - interval '119 minutes', 'WorkersLost', 'feeds', 9, 9)`,
  );
  for (const times of [3, 2]) {
    const metrics = createMetrics();
    metrics.stalled.inc(inQueue, times);
    await createCounterHistory(metrics.registry, ALERT_RULES).write(db.drizzle);
  }
  expect((await readGrowth(db.drizzle, ALERT_RULES)).get("WorkersLost")).toMatchObject([
    { label: "feeds", counted: 5 },
  ]);
  expect(await query("select 1 from alert_counts where minute < now() - interval '1 hour'")).toHaveLength(1);
});
