import { HOST_RULES } from "./host-rules.ts";
import type { AlertRule } from "./rule.ts";
import { PROCESS_RULES, SCHEDULE_RULES, WEBHOOK_RULES } from "./service-rules.ts";
import { MONEY_RULES, WORK_RULES } from "./work-rules.ts";

/** Every alert, by topic, the most urgent topics first. */
export const ALERT_RULES: readonly AlertRule[] = [
  ...MONEY_RULES,
  ...WORK_RULES,
  ...SCHEDULE_RULES,
  ...WEBHOOK_RULES,
  ...PROCESS_RULES,
  ...HOST_RULES,
];
