import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/**
 * A sale may appear in the seller's list later than its time of sale, so the last days are requested again.
 */
const OVERLAP_MS = 3 * 24 * 3_600_000;

/**
 * The time of sale that the next page of a seller's list begins at: where the last page of a listing under
 * way ended, else three days before the last listing that was read to its end.
 */
export async function nextPageFrom(tx: Tx, source: string, now: Date): Promise<Date> {
  const [row] = await rows<{ through: string | null; pageFrom: string | null }>(
    tx,
    sql`insert into sale_listings (source, started_at) values (${source}, ${now})
        on conflict (source) do update set
          started_at = case when sale_listings.page_from is null then excluded.started_at else sale_listings.started_at end
        returning through, page_from as "pageFrom"`,
  );
  if (row?.pageFrom) return new Date(row.pageFrom);
  const through = row?.through ? new Date(row.through) : now;
  return new Date(through.getTime() - OVERLAP_MS);
}

/** Records that a page was taken, and where the next one begins. */
export async function storePageEnd(tx: Tx, source: string, next: Date): Promise<void> {
  await tx.execute(sql`update sale_listings set page_from = ${next} where source = ${source}`);
}

/**
 * Records that the list was read to its end. It was read through the time of its newest sale: until there is
 * a later one, nothing shows whether the seller listed all of that time.
 */
export async function finishListing(tx: Tx, source: string, newest: Date | null): Promise<void> {
  await tx.execute(
    sql`update sale_listings set through = greatest(through, least(started_at, ${newest}::timestamptz)), page_from = null
        where source = ${source}`,
  );
}
