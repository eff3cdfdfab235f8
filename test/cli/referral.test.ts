import { describe, expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { organization, volunteer } from "../support/factories.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork referral", () => {
  it("joins once, and gives the reason when it cannot", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const [referrer, newcomer] = [
      await volunteer(world, { organizationId }),
      await volunteer(world, { organizationId }),
    ];
    const [profile] = await world.query<{ code: string }>(
      "select referral_code as code from volunteer_profiles where id = $1",
      [referrer.profileId],
    );
    const join = (userId: string) =>
      cli(
        environmentOf(world),
        "referral",
        `--userId=${userId}`,
        "--code",
        (profile?.code ?? "").toLowerCase(),
        "--json",
      );
    const joined = await join(newcomer.userId);
    expect(joined.code).toBe(0);
    expect(JSON.parse(joined.out)).toEqual({
      kind: "joined",
      profileId: newcomer.profileId,
      referrerId: referrer.profileId,
    });
    const again = await join(newcomer.userId);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.out)).toMatchObject({ kind: "refused", code: "already-referred" });
    expect((await join(referrer.userId)).code).toBe(1);
    expect(await world.query("select action, subject from audit_log")).toEqual([
      { action: "referral.join", subject: `volunteer_profiles:${newcomer.profileId}` },
    ]);
  });

  it("rejects an unknown user", async () => {
    const world = await createWorld();
    const answer = await cli(environmentOf(world), "referral", "--user-id=me", "--code=ABCDEFGH");
    expect(answer).toMatchObject({ code: 1, err: "There is no user me.\n" });
  });
});
