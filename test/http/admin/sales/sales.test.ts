import { describe, expect, it } from "vitest";
import { chain, organization, type Person, volunteer } from "../../../support/factories.ts";
import { rewardsScene } from "../../../support/rewards-scene.ts";
import { saleOf, takeSale } from "../../../support/sales.ts";
import type { World } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { expectGuarded, PASSWORDS, postForm, visitors } from "../browser.ts";

async function open() {
  const scene = await rewardsScene(PASSWORDS);
  return { ...scene, ...(await visitors(await serve(scene.world))) };
}

/**
 * A user who was referred by a profile of their own in another organization, which further profiles referred.
 * The trigger refuses this; a host that copies rows may disable it.
 */
async function ownReferrer(world: World, further: readonly string[]): Promise<Person> {
  const buyer = await volunteer(world, { organizationId: await organization(world) });
  const { profileId } = await volunteer(world, {
    organizationId: await organization(world),
    userId: buyer.userId,
  });
  await world.query("alter table volunteer_profiles disable trigger user");
  const refer = (to: string, upline: readonly string[]) =>
    world.query("update volunteer_profiles set referrer_id = $2, upline = $3 where id = $1", [
      to,
      upline[0],
      upline,
    ]);
  if (further.length > 0) await refer(profileId, further);
  await refer(buyer.profileId, [profileId, ...further]);
  await world.query("alter table volunteer_profiles enable trigger user");
  return buyer;
}

describe("the pages of sales", () => {
  it("find a sale by our id and by the seller's", async () => {
    const { world, saleId, viewer, page } = await open();
    const [sale] = await world.query<{ external_id: string }>(
      "select external_id from token_sales where id = $1",
      [saleId],
    );
    for (const id of [saleId, sale!.external_id]) {
      const found = await viewer.send("GET", `/admin/sales?id=${id}`);
      expect([found.status, found.headers.get("location")]).toEqual([303, `/admin/sales/${saleId}`]);
    }
    expect(await page("/admin/sales?id=unheard-of")).toContain("There is no sale with this id");
    for (const path of ["/admin/sales/999999", "/admin/sales/x"])
      expect((await viewer.send("GET", path)).status).toBe(404);
  });

  it("say why the call of a sale was rejected, or that it never arrived", async () => {
    const { world, page } = await open();
    await world.query(
      `insert into inbox (source, outcome, raw, raw_hash, faults, received_at) values
         ('scicent', 'rejected', '{"transaction_id": "tx-4711", "amount": -1}', '1', '[{"field": "amount", "fault": "must be <positive>"}]', '2026-03-08T02:00Z'),
         ('scicent', 'rejected', '{"transaction_id": "tx-0815"}', '2', '[{"field": "amount", "fault": "is missing"}]', '2026-03-08T03:00Z')`,
    );
    const shown = await page("/admin/sales?id=tx-4711");
    expect(shown).toContain("There is no sale with this id: the call was rejected.");
    expect(shown).toContain("Ask the seller to correct what is named below");
    expect(shown).toContain("amount: must be &lt;positive&gt;");
    expect(shown).not.toContain("is missing");
    for (const id of ["tx-9999", "tx", "%25", "\u{1f600}\u{1f600}"])
      expect(await page(`/admin/sales?id=${encodeURIComponent(id)}`)).toContain("it never arrived");
  });

  it("list both sales if one has the id that the seller gave another", async () => {
    const { world, people, saleId, page } = await open();
    const { saleId: other } = await takeSale(world, { buyer: people[3]!, externalId: saleId });
    const shown = await page(`/admin/sales?id=${saleId}`);
    for (const id of [saleId, other]) expect(shown).toContain(`href="/admin/sales/${id}"`);
  });

  it("show what a sale paid to whom, and its ledger entries", async () => {
    const { saleId, page } = await open();
    const shown = await page(`/admin/sales/${saleId}`);
    expect(shown).toContain("Paid: 3 commissions.");
    expect(shown).toContain("rounded half up to 0.01");
    expect(shown.match(/<td>commission<\/td>/g)).toHaveLength(4);
  });

  it("say that a sale paid nothing because its buyer is their own referrer", async () => {
    const { world, page } = await open();
    const buyer = await ownReferrer(world, []);
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    expect(await saleOf(world, saleId)).toEqual({ status: "applied", reasons: ["nobody-due"] });
    const shown = await page(`/admin/sales/${saleId}`);
    expect(shown).toContain("Nothing was paid.");
    expect(shown).toContain("Self-referral: the buyer is the only person");
  });

  it("do not show a sale that paid nobody as one that paid", async () => {
    const { world, saleId, page } = await open();
    const organizationId = await organization(world);
    const buyer = await volunteer(world, { organizationId });
    const { saleId: unpaid } = await takeSale(world, { buyer });
    await world.drain();
    expect(await saleOf(world, unpaid)).toEqual({ status: "applied", reasons: ["no-referrer"] });
    const paid = '<span class="badge good">applied</span>';
    const unpaidBadge = '<span class="badge idle">no commission</span>';
    const shown = await page(`/admin/sales/${unpaid}`);
    expect(shown).toContain("Nobody referred the buyer.");
    expect(shown).toContain(unpaidBadge);
    expect(shown).not.toContain(paid);
    expect(await page(`/admin/sales/${saleId}`)).toContain(paid);
    const purchases = await page(`/admin/people/${buyer.userId}/rewards`);
    expect(purchases).toContain(unpaidBadge);
    expect(purchases).not.toContain(paid);
  });

  it("say which level earned nothing because its referrer is the buyer", async () => {
    const { world, page } = await open();
    const organizationId = await organization(world);
    const [further] = await chain(world, organizationId, 1);
    const buyer = await ownReferrer(world, [further!.profileId]);
    const { saleId } = await takeSale(world, { buyer });
    await world.drain();
    const shown = await page(`/admin/sales/${saleId}`);
    expect(shown).toContain("Paid: 1 commission.");
    expect(shown).toContain("omitted: self-referral, the referrer is the buyer");
    expect(shown).toContain(`<a href="/admin/people/${further!.userId}">`);
  });

  it("say what a sale is waiting for: its buyer's profile, its job, or a dead letter", async () => {
    const { world, people, page } = await open();
    const { saleId: unknown } = await takeSale(world, { buyer: { userId: "987654" } });
    await world.drain();
    expect(await page(`/admin/sales/${unknown}`)).toContain("The buyer has no volunteer profile yet.");
    const { saleId } = await takeSale(world, { buyer: people[3]! });
    expect(await page(`/admin/sales/${saleId}`)).toContain("its job distribute-commission is waiting.");
    await world.query(
      "update outbox set dead_at = now(), attempts = 3, error = '40001' where job = 'distribute-commission' and key = $1",
      [saleId],
    );
    expect(await page(`/admin/sales/${saleId}`)).toContain(
      "its job distribute-commission is a dead letter. Attempt 3 failed: 40001.",
    );
  });

  it("list held sales with the reasons, and let an admin release one, giving a reason", async () => {
    const { world, heldId, admin, page } = await open();
    expect(await page("/admin/sales")).toContain("It arrived more than 30 days after it was sold.");
    const path = `/admin/sales/${heldId}`;
    expect(await page(path)).toContain("Held: its commissions wait for an operator.");
    const released = await postForm(admin, `${path}/release`, { reason: "checked with the seller" });
    expect(released.status).toBe(303);
    const shown = await (await admin.send("GET", released.headers.get("location") ?? "")).text();
    expect(shown).toMatch(/The release was requested, as run: \d+\./);
    await world.drain();
    expect(await saleOf(world, heldId)).toMatchObject({ status: "applied" });
    expect(await page("/admin/sales")).toContain("No sale is held.");
    expect(await page(path)).toContain("checked with the seller");
    expect(
      await world.query(
        "select actor, details->>'reason' as why from audit_log where action = 'commission.release'",
      ),
    ).toEqual([{ actor: "admin", why: "checked with the seller" }]);
  });

  it("let an admin reverse a paid sale, once", async () => {
    const { world, saleId, admin, page } = await open();
    const path = `/admin/sales/${saleId}`;
    expect((await postForm(admin, `${path}/reverse`, { reason: "fraud" })).status).toBe(303);
    await world.drain();
    expect(await saleOf(world, saleId)).toMatchObject({ status: "reversed" });
    const shown = await (await admin.send("GET", path)).text();
    expect(shown).toContain("Reversed: nobody keeps a commission from it.");
    expect(shown).not.toContain("<button formaction=");
    expect(await page(path)).toContain("<td>reversal</td>");
  });

  it("refuse decisions without a token, by viewers and without a reason, and show viewers no buttons", async () => {
    const { world, heldId, admin, viewer, page } = await open();
    for (const decision of ["release", "reverse"])
      await expectGuarded({ admin, viewer }, `/admin/sales/${heldId}/${decision}`);
    await world.drain();
    expect(await saleOf(world, heldId)).toMatchObject({ status: "held" });
    expect(await page(`/admin/sales/${heldId}`)).not.toContain("<button formaction=");
    for (const path of [`${heldId}/burn`, "999999/release", "x/release"])
      expect((await postForm(admin, `/admin/sales/${path}`, { reason: "why" })).status).toBe(404);
  });

  it("escape the seller's ids", async () => {
    const { world, people, page } = await open();
    const externalId = "<script>alert(1)</script>\u202etxt";
    const { saleId } = await takeSale(world, { buyer: people[3]!, externalId });
    const shown = await page(`/admin/sales/${saleId}`);
    expect(shown).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\ufffdtxt");
    expect(shown).not.toContain("<script>alert");
    expect(shown).not.toContain("\u202e");
  });
});
