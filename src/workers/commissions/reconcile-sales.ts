import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { rejectMessage } from "../../db/inbox.ts";
import type { Tx } from "../../db/transaction.ts";
import type { TokenSalesPort } from "../../ports/token-sales.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob, type OutsideJob, RETRIES } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { numberBuyer } from "../../rewards/number-buyer.ts";
import { readSale } from "../../rewards/read-sale.ts";
import { finishListing, nextPageFrom, storePageEnd } from "../../rewards/sale-listings.ts";
import { type ReceivedSale, takeSales } from "../../rewards/take-sales.ts";
import { enqueueCommissions } from "./distribute-commission.ts";

const SOURCE = "scicent";
/** Sales per transaction. */
const PAGE = 500;

type Payload = { since?: string | undefined };
type Request = { since: string };
type Answer = {
  configured: boolean;
  since: string;
  sales: readonly string[];
  /** True if the seller has more sales of the time `since` than it lists: the rest cannot be requested. */
  isCut: boolean;
  receivedAt: string;
};

/**
 * Fetches sales that never reached the webhook and records them in the same way, a page in a transaction. It
 * enqueues itself until the seller lists nothing later than the requested time.
 */
export const reconcileSales: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "reconcile-sales",
  queue: "commissions",
  description: "Fetches sales from the seller's API and records those that never reached the webhook.",
  payload: z.object({
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .describe(
        "sales from this time on; default: three days before the last listing that was read completely",
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
    if (ports.tokenSales === null) return { configured: false, since, sales: [], isCut: false, receivedAt };
    const listed = await listPastOneTime(ports.tokenSales, new Date(since), now, signal);
    return { configured: true, since, ...listed, receivedAt };
  },
  record: async (payload, answer, { tx }) => {
    if (!answer.configured) return { kind: "skipped", reason: "SCICENT_API_URL is not set" };
    const page = await withBuyers(tx, firstPage(answer));
    const counts = { listed: page.sales.length + page.faulty.length, rejected: page.faulty.length };
    for (const message of page.faulty) await rejectMessage(tx, message);
    const taken = { accepted: 0, duplicate: 0, conflict: 0 };
    for (const { status } of await takeSales(tx, page.sales, enqueueCommissions, { listed: true }))
      taken[status] += 1;
    if (answer.isCut) await recordCut(tx, answer.since);
    await continueAfter(tx, payload, page);
    return done({ ...counts, ...taken, ...(answer.isCut ? { timesCut: 1 } : {}) });
  },
});

/** The least step of a time of sale. */
const STEP_MS = 1;

/**
 * Lists sales from a time on. If all are of that very time, the seller's page may have no room for others, so
 * later ones are requested too. If there are any, the list of that time may be cut.
 */
async function listPastOneTime(
  seller: TokenSalesPort,
  since: Date,
  now: Date,
  signal: AbortSignal,
): Promise<Pick<Answer, "sales" | "isCut">> {
  const hasLater = (sales: readonly string[]) => sales.some((text) => isSoldAfter(since, text, now));
  const listed = await seller.listSales(since, signal);
  const ends = listed.sales.length === 0 || hasLater(listed.sales);
  if (ends) return { sales: listed.sales, isCut: false };
  const later = await seller.listSales(new Date(since.getTime() + STEP_MS), signal);
  if (!hasLater(later.sales)) return { sales: listed.sales, isCut: false };
  // A sale that was made between the two answers is in the list now.
  const again = await seller.listSales(since, signal);
  if (hasLater(again.sales)) return { sales: again.sales, isCut: false };
  return { sales: [...again.sales, ...later.sales], isCut: true };
}

function isSoldAfter(since: Date, text: string, now: Date): boolean {
  const read = readSale(Buffer.from(text), now);
  return read.kind === "sale" && !read.sale.timeAssumed && read.sale.soldAt > since;
}

const recordCut = (tx: Tx, since: string): Promise<void> =>
  audit(tx, {
    actor: "service",
    action: "sales.cut",
    subject: `sale_listings:${SOURCE}`,
    details: { soldAt: since },
  });

async function continueAfter(tx: Tx, { since }: Payload, { next, newest }: Page): Promise<void> {
  if (next !== null)
    await enqueue(tx, reconcileSales, since === undefined ? {} : { since: next.toISOString() });
  // A manual run says nothing about how far the list was read.
  if (since !== undefined) return;
  if (next === null) await finishListing(tx, SOURCE, newest);
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
  /** The latest time of sale in the list; null without one. */
  readonly newest: Date | null;
};

/** The first sales of a list, oldest first, with all that were sold at the same time as the last of them. */
function firstPage(answer: Answer): Page {
  const receivedAt = new Date(answer.receivedAt);
  const since = new Date(answer.since);
  const listed = answer.sales.map((text) => readListed(text, receivedAt));
  const dated = listed
    .flatMap(({ sale }) => (sale && !sale.timeAssumed ? [sale.soldAt] : []))
    .toSorted((a, b) => a.getTime() - b.getTime());
  const later = dated.filter((soldAt) => soldAt > since);
  const next = later.at(Math.min(PAGE, later.length) - 1) ?? null;
  const isInPage = (sale: ReceivedSale) => sale.timeAssumed || sale.soldAt <= (next ?? since);
  const end = listed.findLastIndex(({ sale }) => sale && isInPage(sale));
  return {
    sales: listed.flatMap(({ sale }) => (sale && isInPage(sale) ? [sale] : [])),
    faulty: listed.flatMap(({ faulty }, index) => (faulty && (next === null || index < end) ? [faulty] : [])),
    next,
    newest: dated.at(-1) ?? null,
  };
}

/** Sales whose buyer has no known id yet count as faulty: they are listed again for three days. */
async function withBuyers(tx: Tx, page: Page): Promise<Page> {
  const sales: ReceivedSale[] = [];
  const faulty = [...page.faulty];
  for (const sale of page.sales) {
    const read = await numberBuyer(tx, { kind: "sale", sale });
    if (read.kind === "sale") sales.push({ ...sale, ...read.sale });
    else faulty.push({ ...sale, faults: read.faults });
  }
  return { ...page, sales, faulty };
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
