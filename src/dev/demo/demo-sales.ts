import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { SettledStatus } from "../../rewards/stored-sales.ts";
import type { Seller } from "./demo-seller.ts";

type Scene = {
  readonly db: Database;
  readonly seller: Seller;
  /** Prefix of every transaction id of this demo. */
  readonly name: string;
  readonly now: Date;
};

/** A sale of this demo in the given state that has commissions. */
export async function aSale({ db, name }: Scene, status: SettledStatus): Promise<string> {
  const [sale] = await rows<{ id: string }>(
    db.drizzle,
    sql`select s.id from token_sales s where s.external_id like ${`${name}-%`} and s.status = ${status}
          and exists (select 1 from commissions c where c.sale_id = s.id) order by s.id limit 1`,
  );
  if (!sale) throw new Error(`The demo has no sale with status ${status}.`);
  return sale.id;
}

const APPEARING = 5;

/** Some of the unknown buyers become volunteers after their purchase. */
export async function unknownBuyersAppear({ db, name }: Scene): Promise<object> {
  await inTransaction(db, async (tx) => {
    const buyers = await rows<{ id: string }>(
      tx,
      sql`select distinct buyer_user_id as id from token_sales
          where external_id like ${`${name}-%`} and status = 'unresolved' order by 1 limit ${APPEARING}`,
    );
    for (const { id } of buyers) {
      await tx.execute(
        sql`insert into users (id, name, created_at) values (${id}, 'Late Arrival', now() - interval '200 days')`,
      );
      await tx.execute(
        sql`insert into volunteer_profiles (user_id, organization_id, referrer_id, referral_code, created_at, referred_at)
            select ${id}, p.organization_id, p.id, upper(substr(md5(${`${name} ${id}`}), 1, 8)),
                   now() - interval '200 days', now() - interval '200 days'
            from volunteer_profiles p where cardinality(p.upline) >= 4 order by p.id limit 1`,
      );
    }
  });
  return {};
}

/** The seller lists a sale that the webhook received, and two that it never did. */
export async function missedSalesAreListed({ db, seller, name, now }: Scene): Promise<object> {
  const buyers = await rows<{ id: string }>(
    db.drizzle,
    sql`select p.user_id as id from volunteer_profiles p where cardinality(p.upline) = 5
          and not exists (select 1 from token_sales s where s.buyer_user_id = p.user_id) order by p.id limit 2`,
  );
  const [known] = await rows<{ body: string }>(
    db.drizzle,
    sql`select convert_from(i.raw, 'UTF8') as body from inbox i
        where i.outcome = 'accepted' and i.external_id like ${`${name}-%`} order by i.id limit 1`,
  );
  if (known) seller.sell(known.body);
  for (const [index, { id }] of buyers.entries()) {
    seller.sell(
      `{"user_id":${id},"amount":75.25,"transaction_id":"${name}-missed-${index + 1}","timestamp":"${now.toISOString()}"}`,
    );
  }
  return {};
}
