import { formatAmount } from "../scoring/money.ts";
import type { NoCommissionReason } from "../scoring/rewards/commission.ts";
import type { HoldReason } from "../scoring/rewards/commission-holds.ts";
import { COMMISSION_HOLD_LIMITS } from "../scoring/rewards/commission-policy.ts";
import { averageOf } from "./decision-inputs.ts";
import type { SaleReport } from "./sale-report.ts";

type Reason = HoldReason | NoCommissionReason | "no-profile";

const { salesPerHour, timesAverage, youngProfiles, youngProfileHours, receiptDays, firstAverageMicro } =
  COMMISSION_HOLD_LIMITS;

/** Descriptions of the reasons of sales, by code. */
const REASONS: Readonly<Record<Reason, string>> = {
  "no-profile": "The buyer has no volunteer profile yet.",
  "no-referrer": "Nobody referred the buyer.",
  "nobody-due":
    "Self-referral: the buyer is the only person in their chain of referrers, and nobody earns from their own purchases.",
  "below-minimum": "Every commission would be below the minimum.",
  velocity: `The buyer made more than ${salesPerHour} other purchases in the hour before.`,
  "amount-above-average": `The amount is more than ${timesAverage} times the buyer's average of the 30 days before.`,
  "young-chain": `More than ${youngProfiles} profiles of the chain of referrers were less than ${youngProfileHours} hours old.`,
  "sale-before-referral": "It was sold before the buyer was referred.",
  "late-receipt": `It arrived more than ${receiptDays} days after it was sold.`,
};

/** Why a decided sale paid nobody. */
const PAYS_NOBODY: Readonly<Record<NoCommissionReason, true>> = {
  "no-referrer": true,
  "nobody-due": true,
  "below-minimum": true,
};

/** Whether a sale was applied without a commission: nobody was paid, and nothing is wrong. */
export const isWithoutCommission = ({
  status,
  reasons,
}: {
  readonly status: string;
  readonly reasons: readonly string[];
}): boolean => status === "applied" && reasons.some((code) => Object.hasOwn(PAYS_NOBODY, code));

/** The description of a reason of a sale; the code itself if this version does not know it. */
export const reasonText = (code: string): string =>
  Object.hasOwn(REASONS, code) ? REASONS[code as Reason] : code;

/** The same for one sale, with the figures behind the decision. */
function reasonOfSale(code: string, { history }: Pick<SaleReport, "history">): string {
  if (history === null) return reasonText(code);
  if (code === "velocity") return `${reasonText(code)} They made ${history.salesLastHour}.`;
  return code === "amount-above-average" ? `${reasonText(code)} ${averageText(history)}` : reasonText(code);
}

function averageText(history: NonNullable<SaleReport["history"]>): string {
  const average = averageOf(history);
  if (average === null)
    return `The buyer had no sale in them; ${formatAmount(firstAverageMicro)} is taken as the average.`;
  return `The average was ${average}, of ${history.sales30Days} ${history.sales30Days === 1 ? "sale" : "sales"}.`;
}

/** Why a sale was paid or not, in sentences. */
export function saleVerdict(
  sale: Pick<SaleReport, "status" | "reasons" | "lines" | "refunded" | "waiting" | "history">,
): readonly string[] {
  const reasons = sale.reasons.map((code) => reasonOfSale(code, sale));
  switch (sale.status) {
    case "accepted":
      return [waitingText(sale)];
    case "unresolved":
      return ["Not paid yet.", ...reasons, "It will be decided once the profile exists."];
    case "held":
      return ["Held: its commissions wait for an operator.", ...reasons];
    case "reversed":
      return ["Reversed: nobody keeps a commission from it.", ...reasons];
    default:
      return [sale.lines.length === 0 ? "Nothing was paid." : paidText(sale), ...reasons];
  }
}

function waitingText({ waiting }: Pick<SaleReport, "waiting">): string {
  if (waiting === null)
    return "Not decided, and no job is waiting for it: the ledger verification reports it.";
  const failure = waiting.error === null ? "" : ` Attempt ${waiting.attempts} failed: ${waiting.error}.`;
  return waiting.isDead
    ? `Not decided: its job distribute-commission is a dead letter.${failure}`
    : `Not decided yet: its job distribute-commission is waiting.${failure}`;
}

const paidText = ({ lines, refunded }: Pick<SaleReport, "lines" | "refunded">): string =>
  `Paid: ${lines.length} ${lines.length === 1 ? "commission" : "commissions"}.${refunded === "0.00" ? "" : ` ${refunded} of the sale was refunded, and the commissions of that part taken back.`}`;
