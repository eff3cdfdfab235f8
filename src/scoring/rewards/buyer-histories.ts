import type { BuyerHistory } from "./commission-holds.ts";

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

export interface BuyerSale {
  readonly soldAtMs: number;
  readonly amountMicro: bigint;
}

/**
 * history of a sale = number of the sales before it that were sold less than an hour, and less than 30 days
 * before it, and the sum of the latter.
 *
 * @param sales all sales of a buyer that count, in order of time and id.
 * @returns a history for each, in the same order.
 */
export function buyerHistories(sales: readonly BuyerSale[]): BuyerHistory[] {
  let hourFrom = 0;
  let monthFrom = 0;
  let amount30DaysMicro = 0n;
  return sales.map(({ soldAtMs, amountMicro }, index) => {
    while (isBefore(sales[hourFrom], soldAtMs - HOUR_MS)) hourFrom += 1;
    while (isBefore(sales[monthFrom], soldAtMs - MONTH_MS)) {
      amount30DaysMicro -= sales[monthFrom]?.amountMicro ?? 0n;
      monthFrom += 1;
    }
    const history = { salesLastHour: index - hourFrom, sales30Days: index - monthFrom, amount30DaysMicro };
    amount30DaysMicro += amountMicro;
    return history;
  });
}

const isBefore = (sale: BuyerSale | undefined, instantMs: number): boolean =>
  sale !== undefined && sale.soldAtMs <= instantMs;
