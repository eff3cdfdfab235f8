import { describe, expect, test } from "vitest";
import { NOW, rewardsScene } from "../../support/rewards-scene.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { serve } from "../support.ts";

describe("GET /explain/:kind/:id", () => {
  test("explains the user's own figures, and no others", async () => {
    const { world, people, saleId, periodId } = await rewardsScene({ AUTH_JWT_SECRET: JWT_SECRET });
    const address = await serve(world);
    const status = async (n: number, path: string) => {
      const headers = { Authorization: `Bearer ${await userToken(people[n]!.userId, NOW)}` };
      return (await fetch(`${address}/api/v1/explain/${path}`, { headers })).status;
    };
    const own = [
      `award/${periodId}:${people[0]!.profileId}`,
      `multiplier/${people[0]!.profileId}`,
      `commission/${saleId}:3`,
    ];
    for (const path of own) {
      expect(await status(0, path)).toBe(200);
      expect(await status(1, path)).toBe(404);
    }
    // A figure of several users is visible to none of them.
    for (const path of [`award/${periodId}`, `commission/${saleId}`, "salary/1", "award/x"]) {
      expect(await status(0, path)).toBe(404);
    }
    expect((await fetch(`${address}/api/v1/explain/${own[0]}`)).status).toBe(401);
  });

  test("shows the steps, but not the owner", async () => {
    const { world, people } = await rewardsScene({ AUTH_JWT_SECRET: JWT_SECRET });
    const address = await serve(world);
    const headers = { Authorization: `Bearer ${await userToken(people[0]!.userId, NOW)}` };
    const answer = await fetch(`${address}/api/v1/explain/multiplier/${people[0]!.profileId}`, { headers });
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ kind: "multiplier", agrees: true, faults: [] });
    expect(body).not.toHaveProperty("ownerUserId");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});
