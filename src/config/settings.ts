import { COMMISSION_POLICY, type CommissionPolicy } from "../scoring/rewards/commission-policy.ts";
import type { MultiplierPolicy } from "../scoring/rewards/multiplier.ts";
import type { Config } from "./config.ts";
import { BATCH_SIZE } from "./email.ts";

/** The numbers of this deployment that jobs decide by. They come from the configuration and are the same for a whole process. */
export type Settings = {
  /** Whether there is a provider of calendars to ask. */
  readonly calendars: { readonly configured: boolean };
  readonly commissions: CommissionPolicy;
  readonly multipliers: MultiplierPolicy;
  readonly budgets: Config["budgets"];
  readonly nudges: Config["nudges"];
  readonly matching: Config["matching"];
  readonly email: {
    readonly from: string;
    readonly testRecipient: string | null;
    /** What links begin with. */
    readonly publicUrl: string;
    /** So many letters travel together. */
    readonly batchSize: number;
  };
  readonly defaultTimeZone: string;
  readonly notifications: Config["notifications"];
};

export function settingsFrom(
  config: Pick<
    Config,
    | "googleCalendar"
    | "commissions"
    | "multipliers"
    | "budgets"
    | "nudges"
    | "matching"
    | "email"
    | "publicUrl"
    | "defaultTimeZone"
    | "notifications"
  >,
): Settings {
  return {
    calendars: { configured: config.googleCalendar !== null },
    commissions: { ...COMMISSION_POLICY, ...config.commissions },
    multipliers: config.multipliers,
    budgets: config.budgets,
    nudges: config.nudges,
    matching: config.matching,
    email: {
      from: config.email.from,
      testRecipient: config.email.testRecipient,
      publicUrl: config.publicUrl,
      batchSize: BATCH_SIZE[config.email.transport.kind],
    },
    defaultTimeZone: config.defaultTimeZone,
    notifications: config.notifications,
  };
}
