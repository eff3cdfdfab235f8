import { sql } from "drizzle-orm";
import type { Registry } from "prom-client";
import { type Queryable, rows } from "../db/statement.ts";
import { holding, type Series } from "./condition.ts";
import type { AlertRule } from "./rule.ts";
import { ALERT_RULES } from "./rules.ts";

/** A rule whose condition holds, for one series or group of series. */
export type Alert = Series & {
  readonly rule: AlertRule;
  /** `pending` until the condition has held for the rule's time. */
  readonly state: "pending" | "firing";
  readonly since: Date;
};

/** Evaluates the rules that need no history of counters, as Prometheus would. */
export type AlertWatch = {
  /**
   * The alerts, those that fire first. Conditions are timed from the first call that saw them hold, or from
   * when an age passed its threshold.
   */
  look(): Promise<Alert[]>;
};

export type AlertWatchDeps = {
  readonly registry: Registry;
  /** Reads the gauges of the registry again. */
  readonly refresh: () => Promise<void>;
  readonly on: Queryable;
  readonly rules?: readonly AlertRule[];
  readonly nowMs?: () => number;
};

/** Whether the dashboard can evaluate a rule; the others need Prometheus. */
export const isWatched = ({ condition }: AlertRule): boolean =>
  "gauge" in condition || condition.sql !== undefined;

/** Starts a watch over the rules. Gauges of a process itself are those of this process alone. */
export function watchAlerts({
  registry,
  refresh,
  on,
  rules = ALERT_RULES,
  nowMs = Date.now,
}: AlertWatchDeps): AlertWatch {
  const watched = rules.filter(isWatched);
  let sinceMs = new Map<string, number>();
  return {
    async look() {
      await refresh();
      const held = await Promise.all(
        watched.map(async (rule) =>
          (await heldBy(rule, registry, on)).map((series) => ({ rule, ...series })),
        ),
      );
      const now = nowMs();
      const seen = new Map<string, number>();
      const alerts = held.flat().map((alert): Alert => {
        const key = JSON.stringify([alert.rule.name, alert.labels]);
        const began = Math.min(sinceMs.get(key) ?? now, passedMs(alert, now));
        seen.set(key, began);
        const fires = now - began >= alert.rule.forSeconds * 1_000;
        return { ...alert, state: fires ? "firing" : "pending", since: new Date(began) };
      });
      sinceMs = seen;
      return alerts.sort((a, b) => Number(a.state === "pending") - Number(b.state === "pending"));
    },
  };
}

/** When an age passed its threshold; now for what is not an age. */
function passedMs({ rule: { condition }, value }: Pick<Alert, "rule" | "value">, now: number): number {
  if (!("gauge" in condition) || condition.isAge !== true || !Number.isFinite(value)) return now;
  return now - (value - condition.threshold) * 1_000;
}

async function heldBy({ condition }: AlertRule, registry: Registry, on: Queryable): Promise<Series[]> {
  if ("gauge" in condition) return holding(condition, await seriesOf(registry, condition.gauge));
  if (condition.sql === undefined) return [];
  // An unreachable Postgres is an alert of its own.
  const [found] = await rows<{ holds: boolean }>(on, sql.raw(condition.sql)).catch(() => []);
  return found?.holds ? [{ labels: {}, value: 1 }] : [];
}

async function seriesOf(registry: Registry, name: string): Promise<Series[]> {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return values.map(({ labels, value }) => ({
    labels: Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])),
    value,
  }));
}
