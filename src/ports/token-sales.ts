/** A list of sales as the seller of the tokens returns it. */
export type SalesPage = {
  /** Each sale as the JSON text of its object, so that amounts never pass through a float. */
  readonly sales: readonly string[];
};

/** The seller's list of sales, to find those that the webhook never received. */
export type TokenSalesPort = {
  /**
   * Sales since an instant, oldest first.
   * @throws TokenSalesUnavailable when the seller does not answer in time, or answers without a list.
   */
  listSales(since: Date, signal: AbortSignal): Promise<SalesPage>;
};
