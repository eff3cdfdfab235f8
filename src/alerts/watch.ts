import type { Registry } from "prom-client";
import type { Queryable } from "../db/statement.ts";
import { type Growth, grown, holding, type Series } from "./condition.ts";
import { readGrowth } from "./counter-history.ts";
import type { AlertRule } from "./rule.ts";
import { ALERT_RULES } from "./rules.ts";

/** A rule whose condition holds, for one series or group of series. */
export type Alert = Series & {
  readonly rule: AlertRule;
  /** `pending` until the condition has held for the rule's time. */
  readonly state: "pending" | "firing";
  readonly since: Date;
};

/** Evaluates the rules as Prometheus would, except those that only Prometheus can evaluate. */
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

/** Whether the dashboard can evaluate a rule. */
export const isWatched = ({ condition }: AlertRule): boolean => !("expression" in condition);

/** Starts evaluating the rules. Of gauges about single processes, only those of this process are known. */
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
      // An unreachable Postgres is an alert of its own.
      const [growth] = await Promise.all([
        readGrowth(on, watched).catch((): ReadonlyMap<string, readonly Growth[]> => new Map()),
        refresh(),
      ]);
      const held = await Promise.all(
        watched.map(async (rule) =>
          (await heldBy(rule, registry, growth.get(rule.name) ?? [])).map((series) => ({ rule, ...series })),
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

/** When an age passed its threshold; now for any other value. */
function passedMs({ rule: { condition }, value }: Pick<Alert, "rule" | "value">, now: number): number {
  if (!("gauge" in condition) || condition.isAge !== true || !Number.isFinite(value)) return now;
  return now - (value - condition.threshold) * 1_000;
}

async function heldBy(
  { condition }: AlertRule,
  registry: Registry,
  growth: readonly Growth[],
): Promise<Series[]> {
  if ("gauge" in condition) return holding(condition, await seriesOf(registry, condition.gauge));
  return "counter" in condition ? grown(condition, growth) : [];
}

async function seriesOf(registry: Registry, name: string): Promise<Series[]> {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return values.map(({ labels, value }) => ({
    labels: Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])),
    value,
  }));
}
