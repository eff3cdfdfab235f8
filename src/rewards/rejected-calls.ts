import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { isStorable } from "../foreign-text.ts";

/** A signed call about a sale that was rejected: only its bytes are stored. */
export type RejectedCall = {
  readonly receivedAt: Date;
  readonly source: string;
  readonly faults: readonly { readonly field: string; readonly fault: string }[];
};

/** Shorter texts occur in many calls. */
const MIN_LENGTH = 4;
const READ = 10_000;
const FOUND = 20;

/** The rejected calls that hold a text, such as the seller's id of a sale, in the order of their arrival. */
export async function findRejectedCalls(on: Queryable, text: string): Promise<RejectedCall[]> {
  if (text.length < MIN_LENGTH || !isStorable(text)) return [];
  const found = await rows<{ receivedAt: string; source: string; faults: RejectedCall["faults"] | null }>(
    on,
    sql`select received_at as "receivedAt", source, faults
        from (select received_at, source, faults, raw from inbox
              where outcome = 'rejected' and raw is not null limit ${READ}) rejected
        where position(convert_to(${text}, 'UTF8') in raw) > 0
        order by received_at limit ${FOUND}`,
  );
  return found.map(({ receivedAt, source, faults }) => ({
    receivedAt: new Date(receivedAt),
    source,
    faults: Array.isArray(faults) ? faults : [],
  }));
}
