import { COMMISSION_POLICY } from "../scoring/rewards/commission-policy.ts";
import { defineArea } from "./area.ts";
import { multiplier, oneOf, pool, rates, tokens } from "./fields.ts";

export const rewards = defineArea({
  title: "Commissions, multipliers, budgets",
  variables: {
    VOLUNTEER_SCHEDULER_MIN_COMMISSION: tokens("0.01", { min: "0.01" }).describe(
      "Minimum commission in tokens. A level whose exact amount is below it is left out.",
    ),
    COMMISSION_RATES_BPS: rates("1000,800,600,400,200").describe(
      "Commission rates in basis points, nearest referrer first: one to five, at most 10000 in total.",
    ),
    VOLUNTEER_SCHEDULER_MAX_MULTIPLIER: multiplier("3.0").describe("Upper limit of activity multipliers."),
    VOLUNTEER_SCHEDULER_DAILY_BUDGET: pool("100").describe(
      "Daily budget in tokens of organizations that have not set one. With 0 nobody is paid.",
    ),
    VOLUNTEER_SCHEDULER_WEEKLY_BUDGET: pool("1000").describe("The same per week."),
    VOLUNTEER_SCHEDULER_MONTHLY_BUDGET: pool("5000").describe("The same per month."),
    BUDGET_LEFTOVER: oneOf("carry", ["carry", "treasury"]).describe(
      "What happens to the unpaid rest of a budget: `carry` adds it to the next period of its type, `treasury` returns it.",
    ),
  },
  read: (v) => ({
    commissions: {
      ...COMMISSION_POLICY,
      minimumMicro: v.VOLUNTEER_SCHEDULER_MIN_COMMISSION,
      ratesBps: v.COMMISSION_RATES_BPS,
    },
    multipliers: { maxHundredths: v.VOLUNTEER_SCHEDULER_MAX_MULTIPLIER },
    budgets: {
      /** Pools of organizations that have not set their own. */
      poolsMicro: {
        daily: v.VOLUNTEER_SCHEDULER_DAILY_BUDGET,
        weekly: v.VOLUNTEER_SCHEDULER_WEEKLY_BUDGET,
        monthly: v.VOLUNTEER_SCHEDULER_MONTHLY_BUDGET,
      },
      /** Whether the unpaid rest of a pool is added to the next one or stays with the treasury. */
      leftoverTo: v.BUDGET_LEFTOVER,
    },
  }),
});
