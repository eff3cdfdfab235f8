import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../db/statement.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { userOfBuyer } from "../../rewards/buyers.ts";
import { distributeCommission } from "./distribute-commission.ts";

const SALES_PER_RUN = 5_000;

/**
 * Sales of unknown buyers are kept. Once the buyer has a volunteer profile, the sale is settled like any
 * other.
 */
export const settleUnresolvedSales = defineJob({
  name: "settle-unresolved-sales",
  queue: "commissions",
  description: "Enqueues sales whose buyer was unknown and now has a volunteer profile.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx }) => {
    const ready = await rows<{ saleId: string }>(
      tx,
      sql`select s.id as "saleId" from token_sales s
          where s.status = 'unresolved'
            and exists (select 1 from volunteer_profiles p where p.user_id = ${userOfBuyer(sql`s.buyer_user_id`)})
          order by s.id limit ${SALES_PER_RUN}`,
    );
    await enqueueMany(tx, distributeCommission, ready);
    return done({ found: ready.length });
  },
});
