import { describe, expect, it } from "vitest";
import { EVENTS_SOURCE } from "../../../src/db/inbox.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { takeEvents } from "../../../src/intake/events.ts";
import { readHostEvents } from "../../../src/intake/read-events.ts";
import { listRuns } from "../../../src/queues/runs.ts";
import { CHECK_NAMES, type CheckName } from "../../../src/rewards/invariants.ts";
import { lastCoverage, verificationState } from "../../../src/rewards/verifications.ts";
import { distributeBudget } from "../../../src/workers/budgets/distribute-budget.ts";
import { releaseCommission } from "../../../src/workers/commissions/release-commission.ts";
import { reverseSale } from "../../../src/workers/commissions/reverse-sale.ts";
import { verifyLedger } from "../../../src/workers/maintenance/verify-ledger.ts";
import { recalculateMultipliers } from "../../../src/workers/multipliers/recalculate-multipliers.ts";
import { chain, organization, type Person } from "../../support/factories.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
import { heldSale, saleOf, settleSale, takeSale } from "../../support/sales.ts";
import { approve } from "../../support/tasks.ts";
import { createWorld, type World } from "../../support/world.ts";

/** A ledger with every kind of transaction. */
async function livelyWorld(): Promise<World> {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 6);
  const buyer = people[5]!;
  const { saleId } = await takeSale(world, { buyer });
  await takeSale(world, { buyer, externalId: "again" });
  await takeSale(world, { buyer, externalId: "again" });
  await takeSale(world, { buyer, externalId: "again", amount: 5n });
  await takeSale(world, { buyer: { userId: "4711" } });
  await heldSale(world, buyer);
  await world.perform(reverseSale, { saleId, actor: "test" });
  await moveByLateSale(world);
  await takeSale(world, { buyer });
  await playBudgets(world, buyer);
  return world;
}

/** A paid sale that a late one moves into the held account, and an operator releases. */
async function moveByLateSale(world: World): Promise<void> {
  const [, , buyer] = await chain(world, await organization(world), 3);
  const saleId = await settleSale(world, buyer!, { tokens: 500 });
  await settleSale(world, buyer!, { tokens: 1, minutesAgo: 60 });
  await world.drain();
  expect(await saleOf(world, saleId)).toMatchObject({ status: "held" });
  await world.perform(releaseCommission, { saleId, actor: "test" });
}

/** A changed multiplier, and two budget payments, the second of which includes the leftover of the first. */
async function playBudgets(world: World, person: Person): Promise<void> {
  const yesterday = new Date(world.clock.now().getTime() - 24 * 3_600_000).toISOString();
  await approve(world, person, 10, yesterday);
  const [{ id: organizationId } = { id: "" }] = await world.query<{ id: string }>(
    "select organization_id as id from volunteer_profiles where id = $1",
    [person.profileId],
  );
  await world.perform(distributeBudget, { period: "daily", organizationId });
  await world.perform(distributeBudget, { period: "daily", organizationId, start: "2020-01-01" });
  await world.perform(recalculateMultipliers, { full: false });
  await world.query(
    "update outbox set run_at = now() + interval '1 hour' where job = 'distribute-commission'",
  );
  await world.drain();
  await world.query("update outbox set run_at = now() where job = 'distribute-commission'");
}

async function driftOf(world: World, full = true): Promise<Record<string, number>> {
  await enqueueRunIn(world, verifyLedger, { full });
  const entries = await world.query<{ id: string }>(
    "select id from outbox where job = 'distribute-commission'",
  );
  await world.query(
    "update outbox set run_at = now() + interval '1 hour' where job = 'distribute-commission'",
  );
  await world.drain();
  expect(await world.enqueued({ name: "distribute-commission" })).toHaveLength(entries.length);
  const [run] = await listRuns(world.db.drizzle, { job: "verify-ledger" }, 1);
  expect(run?.status).toBe("done");
  return run!.counts;
}

/** Corrupts the ledger with its triggers disabled. @returns how to repair it. */
type Breakage = { readonly table: string; readonly spoil: string; readonly repair: string };

const BREAKAGES: Record<CheckName, Breakage> = {
  transactions: {
    table: "ledger_entries",
    spoil:
      "update ledger_entries set amount_micro = amount_micro + 1 where (transaction_id, leg) = (select transaction_id, leg from ledger_entries order by 1, 2 limit 1)",
    repair:
      "update ledger_entries set amount_micro = amount_micro - 1 where (transaction_id, leg) = (select transaction_id, leg from ledger_entries order by 1, 2 limit 1)",
  },
  balances: {
    table: "ledger_balances",
    spoil:
      "update ledger_balances set balance_micro = balance_micro + 1 where account_id = (select min(account_id) from ledger_balances)",
    repair:
      "update ledger_balances set balance_micro = balance_micro - 1 where account_id = (select min(account_id) from ledger_balances)",
  },
  inbox: {
    table: "inbox",
    spoil: "update inbox set outcome = 'rejected' where id = (select min(id) from inbox)",
    repair: "update inbox set outcome = 'accepted' where id = (select min(id) from inbox)",
  },
  sales: {
    table: "outbox",
    spoil: "update outbox set key = 'x' || key where job = 'distribute-commission'",
    repair: "update outbox set key = substr(key, 2) where job = 'distribute-commission'",
  },
  commissions: {
    table: "commissions",
    spoil:
      "update commissions set amount_micro = amount_micro + 10000 where (sale_id, level) = (select sale_id, level from commissions order by 1, 2 limit 1)",
    repair:
      "update commissions set amount_micro = amount_micro - 10000 where (sale_id, level) = (select sale_id, level from commissions order by 1, 2 limit 1)",
  },
  holds: {
    table: "ledger_entries",
    spoil: `update ledger_entries e set account_id = t.id from ledger_accounts t, ledger_accounts h
            where t.kind = 'treasury' and h.kind = 'held' and e.account_id = h.id`,
    repair: `update ledger_entries e set account_id = h.id from ledger_accounts t, ledger_accounts h, ledger_transactions x
             where t.kind = 'treasury' and h.kind = 'held' and e.account_id = t.id and x.id = e.transaction_id
               and (x.kind = 'commission' and e.amount_micro > 0 or x.kind in ('release', 'recheck'))`,
  },
  budgets: {
    table: "budget_awards",
    spoil:
      "update budget_awards set amount_micro = amount_micro + 10000 where (period_id, profile_id) = (select period_id, profile_id from budget_awards where amount_micro > 0 order by 1, 2 limit 1)",
    repair:
      "update budget_awards set amount_micro = amount_micro - 10000 where (period_id, profile_id) = (select period_id, profile_id from budget_awards where amount_micro > 0 order by 1, 2 limit 1)",
  },
  multipliers: {
    table: "volunteer_profiles",
    spoil:
      "update volunteer_profiles set activity_multiplier = activity_multiplier + 0.01 where id = (select profile_id from multiplier_history limit 1)",
    repair:
      "update volunteer_profiles set activity_multiplier = activity_multiplier - 0.01 where id = (select profile_id from multiplier_history limit 1)",
  },
  uplines: {
    table: "volunteer_profiles",
    spoil: "update volunteer_profiles set upline = '{}' where id = (select max(id) from volunteer_profiles)",
    repair:
      "update volunteer_profiles p set upline = (r.id || r.upline)[1:5] from volunteer_profiles r where r.id = p.referrer_id and p.id = (select max(id) from volunteer_profiles)",
  },
};

async function untriggered(world: World, { table }: Breakage, statement: string): Promise<void> {
  await world.query(`alter table ${table} disable trigger all`);
  await world.query(statement);
  await world.query(`alter table ${table} enable trigger all`);
}

describe("verify-ledger", () => {
  it("finds no drift in a ledger with every kind of transaction", async () => {
    expect(await driftOf(await livelyWorld())).toMatchObject({ drift: 0 });
  });

  it("finds no drift in the messages that brought domain events, new and repeated", async () => {
    const world = await livelyWorld();
    const events = [{ id: "e-1", event_type: "profile.updated", payload: { user_id: "1" } }];
    const message = { source: EVENTS_SOURCE, signature: "s", secretId: "0f", receivedAt: world.clock.now() };
    for (const _ of [1, 2]) {
      const raw = Buffer.from(JSON.stringify({ events }));
      const read = readHostEvents(raw, message.receivedAt);
      if ("faults" in read) throw new Error(JSON.stringify(read.faults));
      await inTransaction(world.db, (tx) => takeEvents(tx, { ...message, raw, ...read }));
    }
    expect(
      await world.query("select outcome from inbox where source = $1 order by id", [EVENTS_SOURCE]),
    ).toEqual([{ outcome: "accepted" }, { outcome: "duplicate" }]);
    expect(await driftOf(world)).toMatchObject({ drift: 0 });
  });

  it("finds no drift in an empty ledger", async () => {
    expect(await driftOf(await createWorld())).toMatchObject({ drift: 0 });
  });

  it.each(CHECK_NAMES)("finds drift of the kind `%s`, records it, and repairs nothing", async (check) => {
    const world = await livelyWorld();
    const breakage = BREAKAGES[check];
    await untriggered(world, breakage, breakage.spoil);
    const counts = await driftOf(world);
    expect(counts["drift"]).toBeGreaterThan(0);
    expect(counts[`drift-${check}`]).toBeGreaterThan(0);
    const audits = await world.query(
      "select 1 from audit_log where action = 'ledger.drift' and subject = $1",
      [`ledger:${check}`],
    );
    expect(audits).toHaveLength(1);
    await untriggered(world, breakage, breakage.repair);
    expect(await driftOf(world)).toMatchObject({ drift: 0 });
  });

  it("finds an applied sale whose commissions are held", async () => {
    const world = await livelyWorld();
    await world.query("update token_sales set status = 'applied' where status = 'held'");
    expect(await driftOf(world)).toMatchObject({ "drift-commissions": 1 });
  });

  it("finds a reversed sale without a reversal in the ledger", async () => {
    const world = await livelyWorld();
    await world.query("update token_sales set status = 'reversed' where status = 'held'");
    await world.query("update commissions set status = 'reversed' where status = 'held'");
    expect(await driftOf(world)).toMatchObject({ "drift-commissions": 1 });
  });
});

describe("a verification of what is new", () => {
  /** A verified ledger, the last rows of which have far greater ids than the first ones. */
  async function verifiedWorld() {
    const world = await livelyWorld();
    for (const table of ["ledger_transactions", "token_sales", "inbox"])
      await world.query(`alter table ${table} alter column id restart with 10000`);
    const [buyer] = await world.query<{ userId: string }>(
      `select user_id as "userId" from volunteer_profiles order by id desc limit 1`,
    );
    await takeSale(world, { buyer: buyer! });
    await world.drain();
    world.at("2030-01-01T00:00:00Z");
    expect(await driftOf(world)).toMatchObject({ drift: 0 });
    world.at("2030-01-02T00:00:00Z");
    return { world, buyer: buyer! };
  }

  it("does not read rows that were verified before: that is left to the weekly one", async () => {
    const { world } = await verifiedWorld();
    await untriggered(world, BREAKAGES.transactions, BREAKAGES.transactions.spoil);
    expect(await driftOf(world, false)).toMatchObject({ drift: 0 });
    world.at("2030-01-03T00:00:00Z");
    expect((await driftOf(world, true))["drift"]).toBeGreaterThan(0);
    await untriggered(world, BREAKAGES.transactions, BREAKAGES.transactions.repair);
  });

  it("finds new faults, again each day until they are repaired", async () => {
    const { world, buyer } = await verifiedWorld();
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    await untriggered(
      world,
      BREAKAGES.commissions,
      `update commissions set amount_micro = amount_micro + 10000 where sale_id = ${saleId} and level = 1`,
    );
    expect(await driftOf(world, false)).toMatchObject({ "drift-commissions": 1 });
    expect((await verificationState(world.db.drizzle)).drift).toBe(1);
    world.at("2030-01-03T00:00:00Z");
    expect(await driftOf(world, false)).toMatchObject({ "drift-commissions": 1 });
  });

  it("finds a wrong balance of an account that moved", async () => {
    const { world, buyer } = await verifiedWorld();
    await takeSale(world, { buyer });
    await world.drain();
    await untriggered(
      world,
      BREAKAGES.balances,
      `update ledger_balances set balance_micro = balance_micro + 1 where account_id = (
         select account_id from ledger_entries e join ledger_accounts a on a.id = e.account_id
         where a.kind = 'volunteer' order by transaction_id desc limit 1)`,
    );
    expect(await driftOf(world, false)).toMatchObject({ "drift-balances": 1 });
  });

  it("of a ledger that was never verified is one of everything", async () => {
    const world = await livelyWorld();
    await driftOf(world, false);
    expect(await world.query("select scope, drift from ledger_verifications")).toEqual([
      { scope: "all", drift: 0 },
    ]);
    const { drift, ages } = await verificationState(world.db.drizzle);
    expect([drift, ages.map(({ scope }) => scope)]).toEqual([0, ["new", "all"]]);
  });

  it("that has not ended, or found faults, is not the last good one", async () => {
    const { world, buyer } = await verifiedWorld();
    const before = await lastCoverage(world.db.drizzle);
    await takeSale(world, { buyer });
    await world.drain();
    await enqueueRunIn(world, verifyLedger, { full: false });
    const [cut] = await world.enqueued({ name: verifyLedger.name });
    await world.run(verifyLedger, [cut!.id]);
    expect(await lastCoverage(world.db.drizzle)).toEqual(before);
    await world.drain();
    expect(await lastCoverage(world.db.drizzle)).not.toEqual(before);
  });
});
