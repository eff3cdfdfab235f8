import { sql } from "drizzle-orm";
import { z } from "zod";
import { rejectMessage } from "../../db/inbox.ts";
import { rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { defineJob, RETRIES } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { readSale } from "../../rewards/read-sale.ts";
import { type ReceivedSale, takeSales } from "../../rewards/take-sales.ts";
import { enqueueCommissions } from "./distribute-commission.ts";

const SOURCE = "scicent";
/**
 * The last days are requested every time: a sale may appear in the seller's list later than its timestamp.
 */
const OVERLAP_DAYS = 3;
const SALES_PER_GROUP = 500;

type Request = { since: string };
type Answer = { configured: boolean; sales: readonly string[]; receivedAt: string };

/** Fetches sales that never reached the webhook and records them in the same way. */
export const reconcileSales = defineJob({
  name: "reconcile-sales",
  queue: "commissions",
  description: "Fetches sales from the seller's API that never reached the webhook, and records them.",
  payload: z.object({
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("sales from this time on; default: three days before the newest known sale"),
  }),
  key: ({ since }) => since ?? "latest",
  ...RETRIES.days,
  timeLimitMs: 60_000,
  prepare: async ({ since }, { tx, now }) => ({
    request: { since: since ?? (await overlapStart(tx, now)) } satisfies Request,
  }),
  call: async (request: Request, { ports, now, signal }): Promise<Answer> => {
    const receivedAt = now.toISOString();
    if (ports.tokenSales === null) return { configured: false, sales: [], receivedAt };
    const page = await ports.tokenSales.listSales(new Date(request.since), signal);
    return { configured: true, sales: page.sales, receivedAt };
  },
  record: async (_payload, answer, { tx }) => {
    if (!answer.configured) return { kind: "skipped", reason: "SCICENT_API_URL is not set" };
    const counts = { listed: answer.sales.length, accepted: 0, duplicate: 0, conflict: 0, rejected: 0 };
    for (let i = 0; i < answer.sales.length; i += SALES_PER_GROUP) {
      const group = await readable(
        tx,
        answer.sales.slice(i, i + SALES_PER_GROUP),
        new Date(answer.receivedAt),
      );
      counts.rejected += group.rejected;
      for (const receipt of await takeSales(tx, group.sales, enqueueCommissions)) counts[receipt.status] += 1;
    }
    return done(counts);
  },
});

async function overlapStart(tx: Tx, now: Date): Promise<string> {
  const [newest] = await rows<{ at: string | null }>(
    tx,
    sql`select max(received_at) as at from token_sales where source = ${SOURCE}`,
  );
  const from = newest?.at ? new Date(newest.at) : now;
  return new Date(from.getTime() - OVERLAP_DAYS * 24 * 3_600_000).toISOString();
}

/** A sale that cannot be read is recorded as rejected, as it would be if the webhook had received it. */
async function readable(
  tx: Tx,
  texts: readonly string[],
  receivedAt: Date,
): Promise<{ sales: ReceivedSale[]; rejected: number }> {
  const sales: ReceivedSale[] = [];
  let rejected = 0;
  for (const text of texts) {
    const raw = Buffer.from(text);
    const read = readSale(raw, receivedAt);
    const origin = { source: SOURCE, raw, signature: null, secretId: null, receivedAt };
    if (read.kind === "sale") sales.push({ ...read.sale, ...origin });
    else {
      rejected += 1;
      await rejectMessage(tx, { ...origin, faults: read.faults });
    }
  }
  return { sales, rejected };
}
