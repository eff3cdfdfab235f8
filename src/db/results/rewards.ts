import { INSTANT, knownId, type ResultColumn, type ResultView } from "./result-view.ts";

const PROFILE: ResultColumn = ["text", "the volunteer profile"];
const tokens = (micro: string): string => `round(${micro} / 1000000.0, 6)`;

export const REWARD_VIEWS: readonly ResultView[] = [
  {
    name: "volunteer_profiles",
    about: "What is computed of each volunteer profile.",
    columns: {
      id: PROFILE,
      user_id: ["text", "its user"],
      organization_id: ["text", "its organization"],
      level: ["integer", "as given by the host"],
      total_xp: ["integer", "as given by the host"],
      activity_multiplier: ["numeric", "1.00 and more"],
      multiplier_calculated_at: [INSTANT, "null before the first calculation"],
      last_activity_at: [INSTANT, "null without activity"],
      balance: ["numeric", "tokens"],
    },
    lookups: ["id", "user_id"],
    select: `select ${knownId("v")}, ${knownId("u")}, ${knownId("o")}, v.level, v.total_xp, v.activity_multiplier::numeric, v.multiplier_calculated_at,
  v.last_activity_at, ${tokens("b.balance_micro")}
from volunteer_profiles v
join users u on u.id = v.user_id and u.erased_at is null
join organizations o on o.id = v.organization_id
left join ledger_accounts a on a.profile_id = v.id
left join ledger_balances b on b.account_id = a.id`,
  },
  {
    name: "scicent_transactions",
    about: "The transactions of each profile's account.",
    columns: {
      id: ["text", "transaction and entry"],
      volunteer_profile_id: PROFILE,
      transaction_type: [
        "text",
        "`commission`, `budget`, `refund` and the other kinds of the [ledger](../api.md#get-apiv1ledgerme)",
      ],
      amount: ["numeric", "tokens; below 0 if they were taken"],
      occurred_at: [INSTANT, "when it took effect"],
      created_at: [INSTANT, "when it was recorded"],
    },
    lookups: ["volunteer_profile_id"],
    select: `select e.transaction_id || '-' || e.leg, ${knownId("v")}, t.kind, ${tokens("e.amount_micro")}, t.occurred_at, t.created_at
from volunteer_profiles v
join users u on u.id = v.user_id and u.erased_at is null
join ledger_accounts a on a.profile_id = v.id
join ledger_entries e on e.account_id = a.id
join ledger_transactions t on t.id = e.transaction_id`,
  },
  {
    name: "referral_commissions",
    about: "The commissions of each sale, held ones too.",
    columns: {
      sale_id: ["bigint", "the sale, by our id"],
      level: ["integer", "1 for the buyer's referrer, up to 5"],
      volunteer_profile_id: ["text", "the profile that is paid"],
      buyer_profile_id: ["text", "the profile that bought"],
      commission_rate: ["numeric", "share of the sale"],
      amount: ["numeric", "tokens"],
      reversed: ["numeric", "tokens that refunds took back"],
      status: ["text", "as in the API"],
      created_at: [INSTANT, "when it was decided"],
    },
    lookups: ["volunteer_profile_id"],
    select: `select c.sale_id, c.level::int, ${knownId("v")}, ${knownId("b")}, c.rate_bps / 10000.0, ${tokens("c.amount_micro")}, ${tokens("c.reversed_micro")},
  c.status, c.created_at
from volunteer_profiles v
join users u on u.id = v.user_id and u.erased_at is null
join commissions c on c.beneficiary_id = v.id
join token_sales s on s.id = c.sale_id
left join volunteer_profiles b on b.id = s.profile_id`,
  },
];
