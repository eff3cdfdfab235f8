/** One page of what the seller of the tokens says was sold. */
export type SalesPage = {
  /** Each sale as the text of its JSON object: amounts never pass through a float. */
  readonly sales: readonly string[];
};

/** The seller's own list of sales, asked for what the webhook never brought. */
export type TokenSalesPort = {
  /**
   * Sales since an instant, oldest first.
   * @throws TokenSalesUnavailable when the seller does not answer in time, or not with a list.
   */
  listSales(since: Date, signal: AbortSignal): Promise<SalesPage>;
};
