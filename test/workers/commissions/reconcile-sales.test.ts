import { describe, expect, it } from "vitest";
import { scicentPort } from "../../../src/ports/scicent.ts";
import { reconcileSales } from "../../../src/workers/commissions/reconcile-sales.ts";
import { chain, organization } from "../../support/factories.ts";
import { ask } from "../../support/jobs.ts";
import { takeSale } from "../../support/sales.ts";
import { fakeSeller } from "../../support/seller.ts";
import { createWorld } from "../../support/world.ts";

/** The listed sales are from the real yesterday, since a sale is received at the real time of the listing. */
const YESTERDAY = new Date(Date.now() - 24 * 3_600_000);

async function scene() {
  const seller = await fakeSeller();
  const port = scicentPort({ url: `${seller.url}/`, apiKey: "key-1" });
  const world = await createWorld({ ports: { tokenSales: port } });
  const people = await chain(world, await organization(world), 2);
  const buyer = people[1]!;
  const listed = (id: string, amount = "100.50") =>
    `{"user_id":${buyer.userId},"amount":${amount},"transaction_id":"${id}","currency":"SCICENT","timestamp":"${YESTERDAY.toISOString()}"}`;
  return { seller, world, buyer, listed };
}

const sales = (world: Awaited<ReturnType<typeof scene>>["world"]) =>
  world.query<{ id: string; amount: string; status: string }>(
    "select external_id as id, amount_micro::text as amount, status from token_sales order by external_id",
  );

describe("reconcile-sales", () => {
  it("takes sales that never reached the webhook, and they are paid", async () => {
    const { seller, world, listed } = await scene();
    seller.sales = [listed("a"), listed("b", "7")];
    expect(await world.perform(reconcileSales, {})).toMatchObject({
      done: 1,
      counts: { listed: 2, accepted: 2 },
    });
    await world.drain();
    expect(await sales(world)).toEqual([
      { id: "a", amount: "100500000", status: "applied" },
      { id: "b", amount: "7000000", status: "applied" },
    ]);
    expect(seller.keys).toEqual(["Bearer key-1"]);
  });

  it("recognizes sales from the webhook, and takes none twice", async () => {
    const { seller, world, buyer, listed } = await scene();
    await takeSale(world, { buyer, externalId: "a", soldAt: YESTERDAY });
    seller.sales = [listed("a"), listed("b")];
    expect(await world.perform(reconcileSales, {})).toMatchObject({
      counts: { accepted: 1, duplicate: 1, conflict: 0 },
    });
    expect(await world.perform(reconcileSales, {})).toMatchObject({ counts: { accepted: 0, duplicate: 2 } });
    await world.drain();
    expect(await sales(world)).toHaveLength(2);
    expect(await world.query("select count(*)::int as n from ledger_transactions")).toEqual([{ n: 2 }]);
  });

  it("keeps every digit of an amount", async () => {
    const { seller, world, listed } = await scene();
    seller.sales = [
      listed("a", "123456789.123457"),
      listed("b", "0.100001"),
      listed("c", "999999999.999999"),
    ];
    expect(await world.perform(reconcileSales, {})).toMatchObject({ counts: { accepted: 3 } });
    expect((await sales(world)).map((sale) => sale.amount)).toEqual([
      "123456789123457",
      "100001",
      "999999999999999",
    ]);
  });

  it("reports a conflict and changes nothing when the seller lists other values", async () => {
    const { seller, world, buyer, listed } = await scene();
    await takeSale(world, { buyer, externalId: "a", soldAt: YESTERDAY });
    seller.sales = [listed("a", "999")];
    expect(await world.perform(reconcileSales, {})).toMatchObject({ counts: { conflict: 1, accepted: 0 } });
    expect(await sales(world)).toMatchObject([{ id: "a", amount: "100500000" }]);
    expect(await world.query("select action from audit_log")).toEqual([{ action: "sale.conflict" }]);
  });

  it("records unreadable sales as rejected, and takes the rest", async () => {
    const { seller, world, listed } = await scene();
    seller.sales = [listed("a", '"100"'), '{"x":1}', "7", listed("b")];
    expect(await world.perform(reconcileSales, {})).toMatchObject({ counts: { accepted: 1, rejected: 3 } });
    expect(
      await world.query(
        "select count(*)::int as n from inbox where outcome = 'rejected' and external_id is null",
      ),
    ).toEqual([{ n: 3 }]);
  });

  it.each(["429", "500", "drop", "nonsense"] as const)(
    "tries again when the seller answers %s, with the same question",
    async (fault) => {
      const { seller, world, listed } = await scene();
      seller.sales = [listed("a")];
      seller.misbehave = [fault];
      const [id] = await ask(world, reconcileSales, {});
      expect(await world.run(reconcileSales, [id!])).toMatchObject({ retry: 1 });
      expect((await world.enqueued())[0]?.error).toMatch(/^call: /);
      world.at(new Date(Date.now() + 24 * 3_600_000).toISOString());
      expect(await world.run(reconcileSales, [id!])).toMatchObject({ done: 1, counts: { accepted: 1 } });
      expect(new Set(seller.asked).size).toBe(1);
    },
  );

  it("abandons a hanging seller at its time limit", async () => {
    const { seller, world } = await scene();
    seller.misbehave = ["hang"];
    const impatient = { ...reconcileSales, name: "reconcile-impatiently", timeLimitMs: 200 };
    const slow = await createWorld({ ports: world.ports, jobs: [impatient] });
    expect(await slow.perform(impatient, {})).toMatchObject({ retry: 1 });
    expect((await slow.enqueued())[0]?.error).toMatch(/^TimeLimitExceeded/);
  });

  it("lists from three days before the newest known sale, or from the given time", async () => {
    const { seller, world, buyer } = await scene();
    await takeSale(world, { buyer, receivedAt: new Date("2026-05-09T00:00:00Z") });
    await world.perform(reconcileSales, {});
    await world.perform(reconcileSales, { since: "2026-01-01T00:00:00Z" });
    expect(seller.asked.map((url) => decodeURIComponent(url))).toEqual([
      "/sales?since=2026-05-06T00:00:00.000Z",
      "/sales?since=2026-01-01T00:00:00.000Z",
    ]);
  });

  it("skips with a reason when no seller is configured", async () => {
    const world = await createWorld();
    expect(await world.perform(reconcileSales, {})).toMatchObject({
      skipped: 1,
      reasons: { "SCICENT_API_URL is not set": 1 },
    });
  });
});
