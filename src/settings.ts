import type { Config } from "./config.ts";
import { COMMISSION_POLICY, type CommissionPolicy } from "./scoring/commission-policy.ts";
import type { MultiplierPolicy } from "./scoring/multiplier.ts";

/** The numbers of this deployment that jobs decide by. They come from the configuration and are the same for a whole process. */
export type Settings = {
  readonly commissions: CommissionPolicy;
  readonly multipliers: MultiplierPolicy;
  readonly budgets: Config["budgets"];
  readonly nudges: Config["nudges"];
  readonly defaultTimeZone: string;
  readonly notifications: Config["notifications"];
};

export function settingsFrom(
  config: Pick<
    Config,
    "commissions" | "multipliers" | "budgets" | "nudges" | "defaultTimeZone" | "notifications"
  >,
): Settings {
  return {
    commissions: { ...COMMISSION_POLICY, ...config.commissions },
    multipliers: config.multipliers,
    budgets: config.budgets,
    nudges: config.nudges,
    defaultTimeZone: config.defaultTimeZone,
    notifications: config.notifications,
  };
}
