import { describe, expect, it } from "vitest";
import { balanceOf, chain, organization } from "../../support/factories.ts";
import { saleOf, takeSale } from "../../support/sales.ts";
import { createWorld, type World } from "../../support/world.ts";
import { callWebhook, serve } from "../support.ts";

const PATH = "/webhooks/scicent_refund";

async function scene() {
  const world = await createWorld();
  const people = await chain(world, await organization(world), 2);
  const { saleId } = await takeSale(world, { buyer: people[1]!, externalId: "sale-1" });
  await world.drain();
  const address = await serve(world);
  const send = (body: object | string) =>
    callWebhook(address, typeof body === "string" ? body : JSON.stringify(body), { path: PATH });
  return { world, referrer: people[0]!, saleId, address, send };
}

const refund = (amount: number, id = "refund-1", sale = "sale-1") => ({
  refund_id: id,
  transaction_id: sale,
  amount,
});

const refunds = (world: World) =>
  world.query("select external_id as id, amount_micro::text as amount, status from sale_refunds order by id");

describe("the refund webhook", () => {
  it("takes back the part of the commissions, once for each refund", async () => {
    const { world, referrer, saleId, send } = await scene();
    expect(await send(refund(50.25))).toMatchObject({
      status: 202,
      body: { status: "accepted", sale: saleId },
    });
    expect(await send(refund(50.25))).toMatchObject({ status: 200, body: { status: "duplicate" } });
    await world.drain();
    expect(await send(refund(50.25))).toMatchObject({ status: 200 });
    await world.drain();
    expect(await balanceOf(world, referrer)).toBe("5020000");
    expect(await refunds(world)).toEqual([{ id: "refund-1", amount: "50250000", status: "applied" }]);
    expect(await send(refund(50.25, "refund-2"))).toMatchObject({ status: 202 });
    await world.drain();
    expect(await balanceOf(world, referrer)).toBe("0");
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
  });

  it("answers 409 to other values under the same id, and changes nothing", async () => {
    const { world, send } = await scene();
    await send(refund(1));
    expect(await send(refund(2))).toMatchObject({
      status: 409,
      body: { status: "conflict", error: { code: "conflict" } },
    });
    expect(await refunds(world)).toMatchObject([{ amount: "1000000" }]);
    expect(await world.query("select action from audit_log")).toEqual([{ action: "sale.refund-conflict" }]);
  });

  it("refuses a refund of more than is left of the sale: it is recorded, and nothing moves", async () => {
    const { world, referrer, send } = await scene();
    const before = await balanceOf(world, referrer);
    expect(await send(refund(100.51))).toMatchObject({ status: 202 });
    await world.drain();
    expect(await refunds(world)).toMatchObject([{ status: "refused" }]);
    expect(await balanceOf(world, referrer)).toBe(before);
  });

  it("answers 404 while the sale is unknown, stores nothing, and takes the refund after the sale", async () => {
    const { world, send } = await scene();
    const early = refund(1, "refund-1", "sale-2");
    expect(await send(early)).toMatchObject({ status: 404, body: { error: { code: "unknown-sale" } } });
    expect(await world.query("select 1 from inbox where source = 'scicent_refund'")).toEqual([]);
    await takeSale(world, { buyer: { userId: "4711" }, externalId: "sale-2" });
    expect(await send(early)).toMatchObject({ status: 202 });
  });

  it.each([
    ["{}", ["refund_id", "transaction_id", "amount"]],
    ['{"refund_id":"r","transaction_id":"sale-1","amount":0}', ["amount"]],
    ['{"refund_id":"r","transaction_id":"sale-1","amount":"1"}', ["amount"]],
    ["[]", ["body"]],
  ])("answers 422 to %s with every error", async (body, fields) => {
    const { world, send } = await scene();
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 422, body: { error: { code: "bad-refund" } } });
    expect(answer.body.error?.faults?.map(({ field }) => field)).toEqual(fields);
    expect(await world.query("select outcome from inbox where source = 'scicent_refund'")).toEqual([
      { outcome: "rejected" },
    ]);
  });

  it("refuses a call without a valid signature", async () => {
    const { address } = await scene();
    const body = JSON.stringify(refund(1));
    const headers = { "X-Scicent-Signature": `sha256=${"0".repeat(64)}` };
    expect(await callWebhook(address, body, { path: PATH, headers })).toMatchObject({ status: 401 });
  });
});
