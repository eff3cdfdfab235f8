import type { CalendarPort } from "./calendar.ts";
import type { Mailer } from "./mailer.ts";
import type { TokenSalesPort } from "./token-sales.ts";

/** The outside world, as jobs may call it. A port that is not configured is null: its jobs say so and skip. */
export type Ports = {
  readonly tokenSales: TokenSalesPort | null;
  /** Never null: without a key letters become files. */
  readonly mailer: Mailer;
  readonly calendar: CalendarPort | null;
};
