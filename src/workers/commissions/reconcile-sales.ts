import { z } from "zod";
import { rejectMessage } from "../../db/inbox.ts";
import type { Tx } from "../../db/transaction.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type OutsideJob, RETRIES } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { readSale } from "../../rewards/read-sale.ts";
import { finishListing, nextPageFrom, storePageEnd } from "../../rewards/sale-listings.ts";
import { type ReceivedSale, takeSales } from "../../rewards/take-sales.ts";
import { enqueueCommissions } from "./distribute-commission.ts";

const SOURCE = "scicent";
/** Sales per transaction. */
const PAGE = 500;

type Payload = { since?: string | undefined };
type Request = { since: string };
type Answer = { configured: boolean; since: string; sales: readonly string[]; receivedAt: string };

/**
 * Fetches sales that never reached the webhook and records them in the same way, a page in a transaction. It
 * enqueues itself until the seller lists nothing later than it was asked for.
 */
export const reconcileSales: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "reconcile-sales",
  queue: "commissions",
  description: "Fetches sales from the seller's API that never reached the webhook, and records them.",
  payload: z.object({
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .describe(
        "sales from this time on; default: three days before the last listing that was read to its end",
      ),
  }),
  key: ({ since }) => since ?? "latest",
  ...RETRIES.days,
  timeLimitMs: 60_000,
  prepare: async ({ since }, { tx, now }) => ({
    request: { since: since ?? (await nextPageFrom(tx, SOURCE, now)).toISOString() },
  }),
  call: async ({ since }, { ports, now, signal }) => {
    const receivedAt = now.toISOString();
    if (ports.tokenSales === null) return { configured: false, since, sales: [], receivedAt };
    const { sales } = await ports.tokenSales.listSales(new Date(since), signal);
    return { configured: true, since, sales, receivedAt };
  },
  record: async (payload, answer, { tx }) => {
    if (!answer.configured) return { kind: "skipped", reason: "SCICENT_API_URL is not set" };
    const page = firstPage(answer);
    const counts = { listed: page.sales.length + page.faulty.length, rejected: page.faulty.length };
    for (const message of page.faulty) await rejectMessage(tx, message);
    const taken = { accepted: 0, duplicate: 0, conflict: 0 };
    for (const { status } of await takeSales(tx, page.sales, enqueueCommissions, { listed: true }))
      taken[status] += 1;
    await continueAfter(tx, payload, page.next);
    return done({ ...counts, ...taken });
  },
});

/** @param next where the next page begins; null after the last one. */
async function continueAfter(tx: Tx, { since }: Payload, next: Date | null): Promise<void> {
  if (next !== null)
    await enqueue(tx, reconcileSales, since === undefined ? {} : { since: next.toISOString() });
  // What an operator asks for by hand says nothing about how far the list was read.
  if (since !== undefined) return;
  if (next === null) await finishListing(tx, SOURCE);
  else await storePageEnd(tx, SOURCE, next);
}

type FaultyMessage = Parameters<typeof rejectMessage>[1];

type Page = {
  readonly sales: readonly ReceivedSale[];
  /**
   * Sales that cannot be read are recorded as rejected, as they would be if the webhook had received them.
   */
  readonly faulty: readonly FaultyMessage[];
  /** The time of sale that the next page begins at; null when nothing later was listed. */
  readonly next: Date | null;
};

/** The first sales of a list, oldest first, with all that were sold at the same time as the last of them. */
function firstPage(answer: Answer): Page {
  const receivedAt = new Date(answer.receivedAt);
  const since = new Date(answer.since);
  const listed = answer.sales.map((text) => readListed(text, receivedAt));
  const later = listed.flatMap(({ sale }) =>
    sale && !sale.timeAssumed && sale.soldAt > since ? [sale.soldAt] : [],
  );
  const next =
    later.toSorted((a, b) => a.getTime() - b.getTime()).at(Math.min(PAGE, later.length) - 1) ?? null;
  const isInPage = (sale: ReceivedSale) => sale.timeAssumed || sale.soldAt <= (next ?? since);
  const end = listed.findLastIndex(({ sale }) => sale && isInPage(sale));
  return {
    sales: listed.flatMap(({ sale }) => (sale && isInPage(sale) ? [sale] : [])),
    faulty: listed.flatMap(({ faulty }, index) => (faulty && (next === null || index < end) ? [faulty] : [])),
    next,
  };
}

function readListed(
  text: string,
  receivedAt: Date,
): { readonly sale?: ReceivedSale; readonly faulty?: FaultyMessage } {
  const raw = Buffer.from(text);
  const read = readSale(raw, receivedAt);
  const origin = { source: SOURCE, raw, signature: null, secretId: null, receivedAt };
  return read.kind === "sale"
    ? { sale: { ...read.sale, ...origin } }
    : { faulty: { ...origin, faults: read.faults } };
}
