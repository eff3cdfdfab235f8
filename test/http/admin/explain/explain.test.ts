import { describe, expect, it } from "vitest";
import { rewardsScene } from "../../../support/rewards-scene.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

describe("the page that explains a figure", () => {
  it("shows how a figure is derived, and that it agrees with the stored one", async () => {
    const { world, people, saleId } = await rewardsScene(PASSWORDS);
    const { page, viewer } = await visitors(await serve(world));
    const shown = await page(`/admin/explain?kind=commission&id=${saleId}`);
    expect(shown).toContain("agrees with what is stored");
    expect(shown).toContain("10 %, 8 %, 6 %, 4 %, 2 % for levels 1 to 5");
    const multiplier = await page(`/admin/explain?kind=multiplier&id=${people[0]!.profileId}`);
    expect(multiplier).toContain(
      'computed as of <time datetime="2026-03-09T02:00:00.000Z">2026-03-09 02:00:00Z</time></h2>',
    );
    expect(multiplier).toContain(
      `It belongs to user <a href="/admin/people/${people[0]!.userId}">${people[0]!.userId}</a>.`,
    );
    expect(await page("/admin/explain")).toContain("&lt;saleId&gt; or &lt;saleId&gt;:&lt;level&gt;");
    expect((await viewer.send("GET", "/admin/explain?kind=commission&id=999")).status).toBe(404);
    expect((await viewer.send("GET", "/admin/explain?kind=horoscope&id=1")).status).toBe(422);
  });

  it("warns of a stored figure that differs", async () => {
    const { world, people } = await rewardsScene(PASSWORDS);
    const { page } = await visitors(await serve(world));
    const { profileId } = people[0]!;
    await world.query("alter table multiplier_history disable trigger all");
    await world.query(
      "update multiplier_history set multiplier_hundredths = multiplier_hundredths + 1 where profile_id = $1",
      [profileId],
    );
    const shown = await page(`/admin/explain?kind=multiplier&id=${profileId}`);
    expect(shown).toContain("The stored figure differs from the recomputed one.");
    expect(shown).toContain('role="alert"');
  });
});
