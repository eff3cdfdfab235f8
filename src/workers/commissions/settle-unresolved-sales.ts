import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../../db/statement.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { distributeCommission } from "./distribute-commission.ts";

const SALES_PER_RUN = 5_000;

/** A genuine sale of somebody unknown is kept; once that volunteer has appeared it is settled like any other. */
export const settleUnresolvedSales = defineJob({
  name: "settle-unresolved-sales",
  queue: "commissions",
  description: "Finds sales whose buyer was unknown and has a volunteer profile by now, and has them paid.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx }) => {
    const ready = await rows<{ saleId: string }>(
      tx,
      sql`select s.id as "saleId" from token_sales s
          where s.status = 'unresolved' and exists (select 1 from volunteer_profiles p where p.user_id = s.buyer_user_id)
          order by s.id limit ${SALES_PER_RUN}`,
    );
    await enqueueMany(tx, distributeCommission, ready);
    return done({ found: ready.length });
  },
});
