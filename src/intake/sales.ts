import { createGroupCommit, type GroupCommit } from "../db/group-commit.ts";
import { type ReceivedSale, type SaleReceipt, takeSales } from "../rewards/take-sales.ts";
import type { Runtime } from "../roles/runtime.ts";
import { inGroup } from "../tracing/in-group.ts";
import type { Span } from "../tracing/tracing.ts";
import { enqueueCommissions } from "../workers/commissions/distribute-commission.ts";

export type SaleIntake = GroupCommit<ReceivedSale, SaleReceipt>;

/** Sales per transaction. A larger group holds its locks longer than it saves commits. */
const MAX_GROUP = 256;
/** Sales that may wait for a transaction: about a second of work, up to 64 KB each. */
const MAX_WAITING = 4_000;

/** A sale, and the span of the call that waits for its transaction. */
type Waiting = { readonly sale: ReceivedSale; readonly span: Span | null };

/** Takes sales in groups, one transaction each. */
export function createSaleIntake(runtime: Runtime): SaleIntake {
  const { tracing, relay } = runtime;
  const write = async (waiting: readonly Waiting[]): Promise<readonly SaleReceipt[]> => {
    runtime.metrics.groupSize.observe(waiting.length);
    const spans = waiting.map(({ span }) => span);
    const sales = waiting.map(({ sale, span }) => (span === null ? sale : { ...sale, trace: span.context }));
    try {
      return await inGroup(tracing, "take sales", spans, () =>
        relay.transact((tx) => takeSales(tx, sales, enqueueCommissions)),
      );
    } catch (error) {
      runtime.log.warn({ err: error, sales: sales.length }, "could not commit a group of sales");
      throw error;
    }
  };
  const group = createGroupCommit({ write, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });
  return { submit: (sale) => group.submit({ sale, span: tracing.current() }), close: group.close };
}
