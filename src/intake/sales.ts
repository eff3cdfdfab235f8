import { databaseFault, isContention, isDatabaseAbsent } from "../db/faults.ts";
import {
  createGroupCommit,
  type GroupCommit,
  GroupCommitClosed,
  GroupCommitFull,
} from "../db/group-commit.ts";
import { type SaleDelivery, type SaleReceipt, takeSales } from "../rewards/take-sales.ts";
import type { Runtime } from "../roles/runtime.ts";
import { askForCommissions } from "../workers/commissions/distribute-commission.ts";

export type SaleIntake = GroupCommit<SaleDelivery, SaleReceipt>;

/** One statement carries so many deliveries at most: a larger one holds its locks for longer than it saves. */
const MAX_GROUP = 256;
/** About a second of work. Each may hold 64 KB. */
const MAX_WAITING = 4_000;

/** Takes sales in groups, and tells the relay once a group. */
export function createSaleIntake(runtime: Runtime): SaleIntake {
  const write = async (deliveries: readonly SaleDelivery[]): Promise<readonly SaleReceipt[]> => {
    runtime.metrics.groupSize.observe(deliveries.length);
    try {
      return await runtime.relay.transact(runtime.db, (tx) => takeSales(tx, deliveries, askForCommissions));
    } catch (error) {
      runtime.log.warn({ err: error, deliveries: deliveries.length }, "a group of sales was not committed");
      throw error;
    }
  };
  return createGroupCommit({ write, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });
}

const QUERY_CANCELED = "57014";

/**
 * After how many milliseconds the sender should try again what could not be written for a passing reason; null when the
 * reason is a fault of ours.
 */
export function retryAfterMs(error: unknown): number | null {
  if (error instanceof GroupCommitFull || error instanceof GroupCommitClosed || isContention(error))
    return 1_000;
  if (isDatabaseAbsent(error) || databaseFault(error)?.code === QUERY_CANCELED) return 5_000;
  return null;
}
