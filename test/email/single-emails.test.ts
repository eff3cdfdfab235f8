import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { gatherSurplus } from "../../src/email/single-emails.ts";
import { recordStatements, rowsRead } from "../support/statements.ts";
import { createWorld } from "../support/world.ts";

const NOW = new Date("2026-06-03T10:00:00Z");

it("counts the e-mails of the last hour of a mailing's users only, even without statistics in Postgres", async () => {
  const world = await createWorld();
  // Users 1 to 3,000 have had an e-mail each in the last hour, the first two a second one.
  await world.query(
    `with of_users as (
       insert into deliveries (event_id, event_type, user_id, channel, decision, status, decided_at)
       select n, 'budget.awarded', case when n <= 3000 then n else n - 3000 end, 'email', 'now', 'sent', $1
       from generate_series(1, 3002) n returning id, user_id)
     insert into emails (batch_id, user_id, delivery_id, status, composed_at)
     select 1, user_id, id, 'sent', $1 from of_users`,
    [NOW],
  );
  const pending = await world.query<{ id: string; userId: string; deliveryId: string }>(
    `with of_users as (
       insert into deliveries (event_id, event_type, user_id, channel, decision, status, decided_at)
       select 4000, 'budget.awarded', n, 'email', 'now', 'pending', $1 from generate_series(1, 3) n returning id, user_id)
     insert into emails (batch_id, user_id, delivery_id, status)
     select 2, user_id, id, 'pending' from of_users
     returning id, user_id as "userId", delivery_id as "deliveryId"`,
    [NOW],
  );
  const mailing = pending.map((email) => ({ ...email, digestId: null, digest: null, round: 1 }));
  let kept: readonly { userId: string }[] = [];
  const statements = await recordStatements(world, () =>
    inTransaction(world.db, async (tx) => {
      kept = await gatherSurplus(tx, mailing, { perHour: 2, now: NOW });
    }),
  );
  expect(kept.map(({ userId }) => userId)).toEqual(["3"]);
  const counting = statements.find(({ text }) => text.includes("recent"));
  expect(await rowsRead(world, counting!, "emails")).toBeLessThan(30);
});
