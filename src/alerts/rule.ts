import type { Condition } from "./condition.ts";

/** `page`: money, or work that stands still. `ticket`: during working hours. */
export type Severity = "page" | "ticket";

/**
 * An alert. The table in docs/operations/index.md, the rules for Prometheus and those that the dashboard
 * evaluates are all derived from these.
 */
export type AlertRule = {
  readonly name: string;
  readonly condition: Condition;
  /** How long the condition must hold, in seconds; 0 fires at once. */
  readonly forSeconds: number;
  readonly severity: Severity;
  /**
   * The page of the dashboard that shows what is wrong, or where it is put right. `{queue}` in its address is
   * that label of the alert.
   */
  readonly page?: { readonly title: string; readonly path: string };
  /** What it means, in Markdown. */
  readonly meaning: string;
  /** What to do, in Markdown; links are relative to docs/operations. */
  readonly action: string;
};

export const MINUTE_S = 60;
export const HOUR_S = 60 * MINUTE_S;
export const DAY_S = 24 * HOUR_S;
