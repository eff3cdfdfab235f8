import type { Registry } from "prom-client";
import type { Queryable } from "../db/statement.ts";
import { type Growth, grown, holding, type Series } from "./condition.ts";
import { readGrowth } from "./counter-history.ts";
import { seriesOf } from "./metric-series.ts";
import { type Held, isOfProcess, readHeld } from "./process-history.ts";
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
   * when an age passed its threshold, or from when a process first found that it holds.
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

/** Starts evaluating the rules. */
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
      const [shared] = await Promise.all([readShared(on, watched).catch(() => NOTHING_SHARED), refresh()]);
      const held = await Promise.all(
        watched.map(async (rule) =>
          (await heldBy(rule, registry, shared)).map((series) => ({ rule, ...series })),
        ),
      );
      const now = nowMs();
      const seen = new Map<string, number>();
      const alerts = held.flat().map(({ heldMs = 0, ...alert }): Alert => {
        const key = JSON.stringify([alert.rule.name, alert.labels]);
        const began = Math.min(sinceMs.get(key) ?? now, passedMs(alert, now), now - heldMs);
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

/** What other processes have found. */
type Shared = {
  readonly growth: ReadonlyMap<string, readonly Growth[]>;
  readonly held: ReadonlyMap<string, readonly Held[]>;
};

const NOTHING_SHARED: Shared = { growth: new Map(), held: new Map() };

const readShared = async (on: Queryable, rules: readonly AlertRule[]): Promise<Shared> => ({
  growth: await readGrowth(on, rules),
  held: await readHeld(on, rules),
});

async function heldBy(
  rule: AlertRule,
  registry: Registry,
  { growth, held }: Shared,
): Promise<readonly (Series & { readonly heldMs?: number })[]> {
  const { name, condition } = rule;
  if (isOfProcess(rule)) return held.get(name) ?? [];
  if ("gauge" in condition) return holding(condition, await seriesOf(registry, condition.gauge));
  return "counter" in condition ? grown(condition, growth.get(name) ?? []) : [];
}
