import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { callWebhook, saleBody, serve } from "../http/support.ts";
import { chain, organization } from "../support/factories.ts";
import { createWorld } from "../support/world.ts";

/** Postgres plans a prepared statement anew at least as often, to compare. */
const COMPARED = 5;

it("prepared statements of a sale are planned some times, and then no more", async () => {
  const world = await createWorld({ environment: { DATABASE_POOL_MAX: "1" } });
  const profiles = await chain(world, await organization(world), 6);
  const address = await serve(world);
  for (let n = 0; n < 3 * COMPARED; n++) {
    const sale = saleBody({ user_id: profiles.at(-1)!.userId, transaction_id: JSON.stringify(`sale-${n}`) });
    expect((await callWebhook(address, sale)).status).toBe(202);
    await world.drain();
  }
  const { rows: statements } = await inTransaction(world.db, (tx) =>
    tx.execute(
      sql`select regexp_replace(statement, '\\s+', ' ', 'g') as statement, generic_plans::int as generic, custom_plans::int as custom
          from pg_prepared_statements where generic_plans + custom_plans > ${COMPARED}::int`,
    ),
  );
  expect(statements.length).toBeGreaterThan(8);
  expect(statements.filter(({ custom }) => (custom as number) > COMPARED)).toEqual([]);
});
