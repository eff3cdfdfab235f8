import { createGroupCommit, type GroupCommit } from "../db/group-commit.ts";
import { type ReceivedSale, type SaleReceipt, takeSales } from "../rewards/take-sales.ts";
import type { Runtime } from "../roles/runtime.ts";
import { enqueueCommissions } from "../workers/commissions/distribute-commission.ts";

export type SaleIntake = GroupCommit<ReceivedSale, SaleReceipt>;

/** Sales per transaction. A larger group holds its locks longer than it saves commits. */
const MAX_GROUP = 256;
/** Sales that may wait for a transaction: about a second of work, up to 64 KB each. */
const MAX_WAITING = 4_000;

/** Takes sales in groups, one transaction each. */
export function createSaleIntake(runtime: Runtime): SaleIntake {
  const write = async (sales: readonly ReceivedSale[]): Promise<readonly SaleReceipt[]> => {
    runtime.metrics.groupSize.observe(sales.length);
    try {
      return await runtime.relay.transact((tx) => takeSales(tx, sales, enqueueCommissions));
    } catch (error) {
      runtime.log.warn({ err: error, sales: sales.length }, "could not commit a group of sales");
      throw error;
    }
  };
  return createGroupCommit({ write, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });
}
