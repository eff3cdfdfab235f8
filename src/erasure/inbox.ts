import { type SQL, sql } from "drizzle-orm";
import { MONEY_SOURCES } from "../db/inbox.ts";
import { array } from "../db/statement.ts";
import { literally } from "./pattern.ts";
import type { ErasedUser } from "./rule.ts";

/** A number by which a seller can name a buyer (src/rewards/buyers.ts). */
const BUYER_NUMBER = /^[1-9]\d{0,15}$/;

/** Characters that can belong to an id. */
const OF_AN_ID = "A-Za-z0-9_.:-";

/**
 * Bodies that name the user: of sales and refunds, those of the buyer's sales; of all others, and those that
 * could not be read, those that contain a reference to the user as a word. The body of somebody else whose
 * amount happens to be the same number may be among the latter, and nothing depends on it.
 */
export function namesThem({ userId, references }: ErasedUser): SQL {
  const sources = array(MONEY_SOURCES);
  const numbers = references.filter((reference) => BUYER_NUMBER.test(reference));
  const buyer = array(numbers.length > 0 ? numbers : [userId]);
  return sql`r.raw is not null and case
    when r.source = any(${sources}::text[]) and r.outcome <> 'rejected' then exists (
      select 1 from token_sales s left join sale_refunds f on f.sale_id = s.id
      where s.buyer_user_id = any(${buyer}::bigint[])
        and (s.inbox_id in (r.id, r.first_id) or f.inbox_id in (r.id, r.first_id)))
    else encode(r.raw, 'escape') ~ ${patternOf(references)} end`;
}

/** A pattern of Postgres for the references, in text that `encode(..., 'escape')` wrote. */
const patternOf = (references: readonly string[]): string =>
  `(^|[^${OF_AN_ID}])(${references.map((one) => literally(escapeBytes(one))).join("|")})($|[^${OF_AN_ID}])`;

/** As Postgres writes bytes as text: zero and bytes above 127 in octal, backslashes doubled. */
const escapeBytes = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      if (byte === 0x5c) return "\\\\";
      return byte === 0 || byte > 127 ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
    })
    .join("");
