import { describe, expect, it } from "vitest";
import { scicentPort } from "../../../src/ports/scicent.ts";
import { reconcileSales } from "../../../src/workers/commissions/reconcile-sales.ts";
import { chain, organization } from "../../support/factories.ts";
import { enqueueIn } from "../../support/jobs.ts";
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

const DAY_MS = 24 * 3_600_000;

/** The times that the seller was asked for. */
const sinces = (seller: { requests: readonly string[] }) =>
  seller.requests.map((url) => new URL(url, "http://seller").searchParams.get("since"));

const left = async (world: Awaited<ReturnType<typeof scene>>["world"]) =>
  (await world.enqueued(reconcileSales)).filter(({ dead }) => !dead);

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
    expect(new Set(seller.keys)).toEqual(new Set(["Bearer key-1"]));
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
      const [id] = await enqueueIn(world, reconcileSales, {});
      expect(await world.run(reconcileSales, [id!])).toMatchObject({ retry: 1 });
      expect((await world.enqueued())[0]?.error).toMatch(/^call: /);
      world.at(new Date(Date.now() + 24 * 3_600_000).toISOString());
      expect(await world.run(reconcileSales, [id!])).toMatchObject({ done: 1, counts: { accepted: 1 } });
      expect(new Set(seller.requests).size).toBe(1);
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

  it("lists from three days before the last listing that was read to its end, or from the given time", async () => {
    const { seller, world } = await scene();
    world.at("2026-05-09T00:00:00Z");
    await world.perform(reconcileSales, {});
    world.at("2026-05-12T00:00:00Z");
    await world.perform(reconcileSales, {});
    await world.perform(reconcileSales, { since: "2026-01-01T00:00:00Z" });
    await world.perform(reconcileSales, {});
    expect(sinces(seller)).toEqual([
      "2026-05-06T00:00:00.000Z",
      "2026-05-06T00:00:00.000Z",
      "2026-01-01T00:00:00.000Z",
      "2026-05-09T00:00:00.000Z",
    ]);
  });

  it("requests sales again that were lost before a later success: the newest sale does not matter", async () => {
    const { seller, world, buyer, listed } = await scene();
    await world.perform(reconcileSales, {});
    const before = sinces(seller)[0];
    // Ten days without an answer of the seller, while the webhook works.
    world.at(new Date(world.clock.now().getTime() + 10 * DAY_MS).toISOString());
    await takeSale(world, { buyer, externalId: "webhook" });
    seller.sales = [listed("lost")];
    seller.misbehave = ["500"];
    const [id] = await enqueueIn(world, reconcileSales, {});
    await world.run(reconcileSales, [id!]);
    expect(await world.run(reconcileSales, [id!])).toMatchObject({ counts: { accepted: 1 } });
    expect(sinces(seller).slice(1)).toEqual([before, before]);
  });

  it("takes a long list in pages, a transaction each, whatever the seller's own pages are", async () => {
    const { seller, world, buyer } = await scene();
    seller.pageSize = 700;
    const start = Date.now() - 2 * DAY_MS;
    const timed = (n: number, at: number) =>
      `{"user_id":${buyer.userId},"amount":1,"transaction_id":"s-${n}","timestamp":"${new Date(at).toISOString()}"}`;
    // 600 at one time do not fit into a page, and are taken with it; the others are a minute apart.
    seller.sales = [
      ...Array.from({ length: 600 }, (_, n) => timed(n, start)),
      ...Array.from({ length: 600 }, (_, n) => timed(600 + n, start + (n + 1) * 60_000)),
    ];
    const pages = [await world.perform(reconcileSales, {})];
    for (let entries = await left(world); entries.length > 0; entries = await left(world))
      pages.push(await world.run(reconcileSales, [entries[0]!.id]));
    expect(pages.map(({ counts }) => counts["accepted"])).toEqual([600, 100, 500, 0]);
    expect(await sales(world)).toHaveLength(1_200);
    expect(await world.query("select page_from, through is not null as finished from sale_listings")).toEqual(
      [{ page_from: null, finished: true }],
    );
  });

  /** Runs the job until nothing of it is left. @returns the sum of a count. */
  async function listAll(world: Awaited<ReturnType<typeof scene>>["world"], count: string) {
    let sum = (await world.perform(reconcileSales, {})).counts[count] ?? 0;
    for (let entries = await left(world); entries.length > 0; entries = await left(world))
      sum += (await world.run(reconcileSales, [entries[0]!.id])).counts[count] ?? 0;
    return sum;
  }
  const at = (buyer: { userId: string }, id: string, time: number) =>
    `{"user_id":${buyer.userId},"amount":1,"transaction_id":"${id}","timestamp":"${new Date(time).toISOString()}"}`;

  it("continues after a time with more sales than the seller lists, and records that the list was cut", async () => {
    const { seller, world, buyer } = await scene();
    seller.pageSize = 3;
    const time = YESTERDAY.getTime();
    seller.sales = [
      at(buyer, "first", time - 60_000),
      ...["a", "b", "c", "d", "e"].map((id) => at(buyer, id, time)),
      ...["x", "y", "z"].map((id, n) => at(buyer, id, time + (n + 1) * 60_000)),
    ];
    expect(await listAll(world, "timesCut")).toBe(1);
    expect((await sales(world)).map(({ id }) => id)).toEqual(["a", "b", "c", "first", "x", "y", "z"]);
    expect(await world.query("select action, subject, details from audit_log")).toEqual([
      {
        action: "sales.cut",
        subject: "sale_listings:scicent",
        details: { soldAt: YESTERDAY.toISOString() },
      },
    ]);
    // What is missing is listed once the seller answers with more.
    seller.pageSize = 100;
    expect(await listAll(world, "timesCut")).toBe(0);
    expect(await sales(world)).toHaveLength(9);
  });

  it("reads on when the seller lists one sale at a time", async () => {
    const { seller, world, buyer } = await scene();
    seller.pageSize = 1;
    seller.sales = ["a", "b", "c"].map((id, n) => at(buyer, id, YESTERDAY.getTime() + n * 60_000));
    await listAll(world, "accepted");
    expect(await sales(world)).toHaveLength(3);
  });

  it("requests the time of the newest listed sale again until a later one is listed", async () => {
    const { seller, world, buyer } = await scene();
    seller.pageSize = 3;
    const soldAt = new Date(YESTERDAY.getTime() - 30 * DAY_MS);
    seller.sales = ["a", "b", "c", "d"].map((id) => at(buyer, id, soldAt.getTime()));
    world.at(new Date(soldAt.getTime() + DAY_MS).toISOString());
    await listAll(world, "timesCut");
    // Weeks without a sale, and listings that found none.
    world.at(new Date().toISOString());
    await listAll(world, "timesCut");
    expect(await world.query("select action from audit_log")).toEqual([]);
    seller.sales.push(at(buyer, "later", YESTERDAY.getTime()));
    expect(await listAll(world, "timesCut")).toBe(1);
    expect((await sales(world)).map(({ id }) => id)).toEqual(["a", "b", "c", "later"]);
    expect(await world.query("select details from audit_log")).toEqual([
      { details: { soldAt: soldAt.toISOString() } },
    ]);
  });

  it("stores no row for a sale that the webhook has delivered", async () => {
    const { seller, world, buyer, listed } = await scene();
    await takeSale(world, { buyer, externalId: "a", amount: 100_500_000n, soldAt: YESTERDAY });
    seller.sales = [listed("a")];
    await world.perform(reconcileSales, {});
    expect(await world.query("select outcome from inbox")).toEqual([{ outcome: "accepted" }]);
  });

  it("skips with a reason when no seller is configured", async () => {
    const world = await createWorld();
    expect(await world.perform(reconcileSales, {})).toMatchObject({
      skipped: 1,
      reasons: { "SCICENT_API_URL is not set": 1 },
    });
  });
});
