import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { databaseFault } from "../../src/database-fault.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { type Posting, post } from "../../src/rewards/ledger.ts";
import { balanceOf, organization, type Person, volunteer } from "../support/factories.ts";
import { createWorld, type World } from "../support/world.ts";

async function bookkeepers(count = 3) {
  const world = await createWorld();
  const organizationId = await organization(world);
  const people: Person[] = [];
  for (let i = 0; i < count; i++) people.push(await volunteer(world, { organizationId }));
  return { world, people };
}

const posting = (externalId: string, legs: Posting["legs"], more: Partial<Posting> = {}): Posting => ({
  kind: "budget",
  source: "test",
  externalId,
  occurredAt: new Date("2026-05-01T00:00:00Z"),
  legs,
  ...more,
});

const paying = (externalId: string, person: Person, amountMicro: bigint) =>
  posting(externalId, [
    { account: "treasury", amountMicro: -amountMicro },
    { account: { profileId: person.profileId }, amountMicro },
  ]);

const faultOf = async (work: Promise<unknown>) => databaseFault(await work.catch((error: unknown) => error));

const accountOf = async (world: World, person: Person) =>
  (
    await world.query<{ id: string }>("select id from ledger_accounts where profile_id = $1", [
      person.profileId,
    ])
  )[0]!.id;

describe("post", () => {
  it("updates all balances, also several times in one call", async () => {
    const { world, people } = await bookkeepers();
    const [ann, bob] = people as [Person, Person];
    await inTransaction(world.db, (tx) =>
      post(tx, [paying("1", ann, 5n), paying("2", ann, 7n), paying("3", bob, 1n)]),
    );
    expect(await balanceOf(world, ann)).toBe("12");
    expect(await balanceOf(world, bob)).toBe("1");
  });

  it("refuses a second posting with the same key, which changes nothing", async () => {
    const { world, people } = await bookkeepers();
    const twice = () => inTransaction(world.db, (tx) => post(tx, [paying("1", people[0]!, 5n)]));
    await twice();
    expect(await faultOf(twice())).toMatchObject({ code: "23505", constraint: "ledger_transactions_once" });
    expect(await balanceOf(world, people[0]!)).toBe("5");
  });

  it("reverses a transaction at most once", async () => {
    const { world, people } = await bookkeepers();
    await inTransaction(world.db, (tx) => post(tx, [paying("1", people[0]!, 5n)]));
    const [movement] = await world.query<{ id: string }>("select id from ledger_transactions");
    const back = (externalId: string) =>
      inTransaction(world.db, (tx) =>
        post(tx, [{ ...paying(externalId, people[0]!, -5n), kind: "reversal", reverses: movement!.id }]),
      );
    await back("a");
    expect(await faultOf(back("b"))).toMatchObject({
      code: "23505",
      constraint: "ledger_transactions_reverses",
    });
    expect(await balanceOf(world, people[0]!)).toBe("0");
  });

  it("hold and release give the same balances as paying at once", async () => {
    const { world, people } = await bookkeepers();
    const hold = posting(
      "1",
      [
        { account: "treasury", amountMicro: -5n },
        { account: "held", amountMicro: 5n },
      ],
      { kind: "commission" },
    );
    const release = posting(
      "1",
      [
        { account: "held", amountMicro: -5n },
        { account: { profileId: people[0]!.profileId }, amountMicro: 5n },
      ],
      { kind: "release" },
    );
    await inTransaction(world.db, (tx) => post(tx, [hold]));
    expect(await balanceOf(world, people[0]!)).toBe("0");
    await inTransaction(world.db, (tx) => post(tx, [release]));
    expect(await balanceOf(world, people[0]!)).toBe("5");
  });

  it("does not deadlock with another over the same accounts in opposite order", async () => {
    const { world, people } = await bookkeepers(8);
    const groups = Array.from({ length: 20 }, (_, n) => {
      const order = n % 2 === 0 ? people : [...people].reverse();
      return order.map((person, i) => paying(`${n}-${i}`, person, 1n));
    });
    await Promise.all(groups.map((group) => inTransaction(world.db, (tx) => post(tx, group))));
    for (const person of people) expect(await balanceOf(world, person)).toBe("20");
  });
});

describe("the ledger", () => {
  it("refuses a transaction that does not sum to zero at commit", async () => {
    const { world, people } = await bookkeepers();
    const lopsided = posting("1", [
      { account: "treasury", amountMicro: -5n },
      { account: { profileId: people[0]!.profileId }, amountMicro: 4n },
    ]);
    expect(await faultOf(inTransaction(world.db, (tx) => post(tx, [lopsided])))).toMatchObject({
      code: "23514",
      constraint: "ledger_transaction_balanced",
    });
    expect(await balanceOf(world, people[0]!)).toBe("0");
  });

  it("accepts one that two statements balance together, and refuses it when the second unbalances it", async () => {
    const { world, people } = await bookkeepers();
    const account = await accountOf(world, people[0]!);
    const inTwoSteps = (externalId: string, second: number) =>
      inTransaction(world.db, async (tx) => {
        const [movement] = await rows<{ id: string }>(
          tx,
          sql`insert into ledger_transactions (kind, source, external_id, occurred_at)
              values ('budget', 'test', ${externalId}, now()) returning id`,
        );
        for (const [leg, amount] of [-5, second].entries())
          await tx.execute(
            sql`insert into ledger_entries (transaction_id, leg, account_id, amount_micro)
                values (${movement!.id}, ${leg}, ${account}, ${amount})`,
          );
      });
    await inTwoSteps("balanced", 5);
    expect(await world.query("select amount_micro::int as n from ledger_entries order by leg")).toEqual([
      { n: -5 },
      { n: 5 },
    ]);
    expect(await world.query("select * from ledger_unbalanced")).toEqual([]);
    expect(await faultOf(inTwoSteps("lopsided", 6))).toMatchObject({
      constraint: "ledger_transaction_balanced",
    });
  });

  it("refuses an entry added later to a balanced transaction", async () => {
    const { world, people } = await bookkeepers();
    await inTransaction(world.db, (tx) => post(tx, [paying("1", people[0]!, 5n)]));
    const add = world.query(
      "insert into ledger_entries (transaction_id, leg, account_id, amount_micro) select t.id, 9, $1, 3 from ledger_transactions t",
      [await accountOf(world, people[0]!)],
    );
    expect(await faultOf(add)).toMatchObject({ constraint: "ledger_transaction_balanced" });
  });

  it("refuses updates, deletes and truncates", async () => {
    const { world, people } = await bookkeepers();
    await inTransaction(world.db, (tx) => post(tx, [paying("1", people[0]!, 5n)]));
    for (const statement of [
      "update ledger_entries set amount_micro = 6",
      "delete from ledger_entries",
      "truncate ledger_entries cascade",
      "update ledger_transactions set kind = 'x'",
      "delete from ledger_transactions",
      "truncate ledger_transactions cascade",
    ])
      expect(await faultOf(world.query(statement)), statement).toMatchObject({ code: "23001" });
    expect(await balanceOf(world, people[0]!)).toBe("5");
  });

  it("refuses an entry of zero, without an account, or without a transaction", async () => {
    const { world, people } = await bookkeepers();
    await inTransaction(world.db, (tx) => post(tx, [paying("1", people[0]!, 5n)]));
    const entry = (transaction: string, account: string, amount: number) =>
      faultOf(
        world.query(
          "insert into ledger_entries (transaction_id, leg, account_id, amount_micro) values ($1, 7, $2, $3)",
          [transaction, account, amount],
        ),
      );
    const account = await accountOf(world, people[0]!);
    const [movement] = await world.query<{ id: string }>("select id from ledger_transactions");
    expect(await entry(movement!.id, account, 0)).toMatchObject({ code: "23514" });
    expect(await entry(movement!.id, "999999", 1)).toMatchObject({ code: "23503" });
    expect(await entry("999999", account, 1)).toMatchObject({ code: "23503" });
  });
});
