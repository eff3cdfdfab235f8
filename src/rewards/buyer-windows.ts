import { sql } from "drizzle-orm";

/** The longest window of a fraud signal. */
export const MONTH = sql`interval '30 days'`;

/**
 * Selects what the windows of a sale `s` contain, whose buyer is the user `buyer.id`: the sales before this
 * one in sale time that are not reversed, decided or not. An accepted or unresolved one may still be applied
 * or held, so a decision does not depend on the order or grouping in which sales are settled. A settled sale
 * belongs to the user whose profile it was settled with: the number of a buyer may be our id at first, and
 * the host's later.
 */
export const buyerWindows = sql`
          select count(*) filter (where t.sold_at > s.sold_at - interval '1 hour') as hour, count(*) as month,
                 coalesce(sum(t.amount_micro), 0) as amount
          from token_sales t
          where t.buyer_user_id in (s.buyer_user_id, buyer.id) and t.sold_at > s.sold_at - ${MONTH}
            and (t.sold_at, t.id) < (s.sold_at, s.id) and t.status <> 'reversed'
            and case when t.profile_id is null then t.buyer_user_id = s.buyer_user_id
                else exists (select from volunteer_profiles o where o.id = t.profile_id and o.user_id = buyer.id) end`;
