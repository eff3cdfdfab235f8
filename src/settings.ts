import type { Config } from "./config.ts";
import { COMMISSION_POLICY, type CommissionPolicy } from "./scoring/commission-policy.ts";

/** The numbers of this deployment that jobs decide by. They come from the configuration and are the same for a whole process. */
export type Settings = {
  readonly commissions: CommissionPolicy;
  readonly defaultTimeZone: string;
};

export function settingsFrom(config: Pick<Config, "commissions" | "defaultTimeZone">): Settings {
  return {
    commissions: { ...COMMISSION_POLICY, ...config.commissions },
    defaultTimeZone: config.defaultTimeZone,
  };
}
