import type { Config } from "./config.ts";

type Shared =
  | "calendars"
  | "commissions"
  | "multipliers"
  | "budgets"
  | "nudges"
  | "matching"
  | "pairs"
  | "postings"
  | "search"
  | "embeddingModel"
  | "media"
  | "notifications"
  | "historyDays"
  | "defaultTimeZone";

/**
 * The part of the configuration that jobs may read: no secrets, no addresses of servers. Fixed for the life
 * of a process.
 */
export type Settings = Pick<Config, Shared> & {
  readonly email: Omit<Config["email"], "transport" | "webhookSecrets">;
};

export function settingsFrom(config: Pick<Config, Shared | "email">): Settings {
  const { transport: _transport, webhookSecrets: _secrets, ...email } = config.email;
  const { calendars, commissions, multipliers, budgets, nudges, matching, pairs } = config;
  const { notifications, postings, search, embeddingModel, media, historyDays, defaultTimeZone } = config;
  const rewards = { commissions, multipliers, budgets };
  const shown = {
    ...rewards,
    calendars,
    nudges,
    matching,
    pairs,
    postings,
    search,
    embeddingModel,
    media,
    notifications,
  };
  return { ...shown, historyDays, defaultTimeZone, email };
}
