import { type Scratch, vacuumLoaded } from "./database.ts";

/** Levels of referral above a buyer. */
const DEPTH = 5;

/**
 * Loads volunteers in chains of at least five levels: a forest whose inner nodes have three referrals each.
 * The last two thirds are the buyers. Profiles are old, so that no sale is held because of a young chain.
 */
export async function loadCommunity(scratch: Pick<Scratch, "sql">, volunteers: number): Promise<void> {
  await scratch.sql("insert into organizations (name) values ('Bench')");
  await scratch.sql("insert into users (created_at) select '2020-01-01' from generate_series(1, $1)", [
    volunteers,
  ]);
  await scratch.sql(
    `insert into volunteer_profiles (user_id, organization_id, referral_code, created_at)
     select i, 1, lpad(upper(to_hex(i)), 8, '0'), '2020-01-01' from generate_series(1, $1::int) i`,
    [volunteers],
  );
  // In bulk: the trigger would compute the chain of each profile one by one.
  await scratch.sql("alter table volunteer_profiles disable trigger user");
  await scratch.sql(
    "update volunteer_profiles set referrer_id = id / 3 + 1, referred_at = '2020-01-02' where id > 3",
  );
  for (let level = 0; level < DEPTH; level++) {
    await scratch.sql(
      `update volunteer_profiles p set upline = (r.id || r.upline)[1:5] from volunteer_profiles r where r.id = p.referrer_id`,
    );
  }
  await scratch.sql("alter table volunteer_profiles enable trigger user");
}

/**
 * Loads accepted sales with their outbox entries, spread over buyers and the last twenty days so that none is
 * held, and in the order in which they were sold: a sale that arrives after later ones of its buyer is
 * decided a second time with these, which is other work.
 */
export async function loadSales(scratch: Scratch, sales: number, volunteers: number): Promise<void> {
  const firstBuyer = Math.floor(volunteers / 3);
  await scratch.sql("select setseed(0.2412)");
  await scratch.sql(
    `with delivery as (
       insert into inbox (source, external_id, outcome, raw, raw_hash, received_at)
       select 'bench', 'sale-' || g, 'accepted', '\\x7b7d', '\\x00', now() from generate_series(1, $1::int) g returning id, external_id
     ), sale as (
       insert into token_sales (source, external_id, inbox_id, buyer_user_id, amount_micro, currency, sold_at, received_at)
       select 'bench', external_id, id, $2::int + floor(random() * ($3::int - $2::int)), (1 + floor(random() * 10000)) * 10000 + 90000000, 'SCICENT',
              now() - interval '20 days' * (1 - split_part(external_id, '-', 2)::float8 / $1::int), now()
       from delivery order by id returning id
     )
     insert into outbox (queue, job, key, payload)
     select 'commissions', 'distribute-commission', id::text, jsonb_build_object('saleId', id::text) from sale order by sale.id`,
    [sales, firstBuyer, volunteers],
  );
  await vacuumLoaded(scratch);
  await scratch.sql("checkpoint");
}
