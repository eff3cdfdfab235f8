import { describe, expect, test } from "vitest";
import { rewardsScene } from "../../support/rewards-scene.ts";
import { saleOf } from "../../support/sales.ts";
import { serve } from "../support.ts";
import { browser, PASSWORDS, send } from "./browser.ts";

async function open() {
  const scene = await rewardsScene(PASSWORDS);
  return { ...scene, address: await serve(scene.world) };
}

describe("rewards for operators", () => {
  test("explains any figure to signed-in operators only", async () => {
    const { address, people, periodId, saleId } = await open();
    const viewer = await browser(address, "viewer");
    for (const path of [`award/${periodId}`, `commission/${saleId}`, `multiplier/${people[0]!.profileId}`]) {
      const answer = await viewer.send("GET", `/admin/api/explain/${path}`);
      expect(await answer.json()).toMatchObject({ agrees: true });
      expect((await send(address, "GET", `/admin/api/explain/${path}`)).status).toBe(401);
    }
    expect((await viewer.send("GET", "/admin/api/explain/award/999")).status).toBe(404);
  });

  test("lists holds, and lets an admin release or reverse them", async () => {
    const { world, address, heldId } = await open();
    const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
    const list = async () =>
      ((await (await admin.send("GET", "/admin/api/holds")).json()) as { holds: unknown[] }).holds;
    expect(await list()).toMatchObject([
      { saleId: heldId, amount: "100.50", held: "24.12", lines: 3, reasons: ["late-receipt"] },
    ]);
    const act = (user: typeof admin, path: string, body = '{"reason": "checked with the seller"}') =>
      user.send("POST", `/admin/api/holds/${path}`, {
        headers: { "X-XSRF-TOKEN": user.csrf, "Content-Type": "application/json" },
        body,
      });
    expect((await act(viewer, `${heldId}/release`)).status).toBe(403);
    expect((await admin.send("POST", `/admin/api/holds/${heldId}/release`)).status).toBe(403);
    expect((await act(admin, `${heldId}/burn`)).status).toBe(404);
    expect((await act(admin, `${heldId}/constructor`)).status).toBe(404);
    expect((await act(admin, "999/release")).status).toBe(404);
    for (const body of ["{}", '{"reason": " "}', '{"reason": "\\u0000"}', `{"reason": "${"x".repeat(501)}"}`])
      expect((await act(admin, `${heldId}/release`, body)).status).toBe(422);
    expect(await saleOf(world, heldId)).toMatchObject({ status: "held" });
    expect((await act(admin, `${heldId}/release`)).status).toBe(202);
    await world.drain();
    expect(await saleOf(world, heldId)).toMatchObject({ status: "applied" });
    expect(await list()).toEqual([]);
    expect(
      await world.query("select actor, details from audit_log where action = 'commission.release'"),
    ).toEqual([
      { actor: "admin", details: { reason: "checked with the seller", amountMicro: "24120000", lines: 3 } },
    ]);
  });
});
