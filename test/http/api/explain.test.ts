import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { NOW, rewardsScene } from "../../support/rewards-scene.ts";
import { serve } from "../support.ts";

const SECRET = "a shared secret of at least 32 bytes";

const token = (subject: string) =>
  new SignJWT({ exp: Date.parse(NOW) / 1_000 + 60 })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(subject)
    .sign(new TextEncoder().encode(SECRET));

describe("GET /explain/:kind/:id", () => {
  test("explains the user's own figures, and shows nobody else's", async () => {
    const { world, people, saleId, periodId } = await rewardsScene({ AUTH_JWT_SECRET: SECRET });
    const address = await serve(world);
    const status = async (n: number, path: string) => {
      const headers = { Authorization: `Bearer ${await token(people[n]!.userId)}` };
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
    // What belongs to several belongs to none of them.
    for (const path of [`award/${periodId}`, `commission/${saleId}`, "wish/1", "award/x"]) {
      expect(await status(0, path)).toBe(404);
    }
    expect((await fetch(`${address}/api/v1/explain/${own[0]}`)).status).toBe(401);
  });

  test("tells the steps, and not whose figure it is", async () => {
    const { world, people } = await rewardsScene({ AUTH_JWT_SECRET: SECRET });
    const address = await serve(world);
    const headers = { Authorization: `Bearer ${await token(people[0]!.userId)}` };
    const answer = await fetch(`${address}/api/v1/explain/multiplier/${people[0]!.profileId}`, { headers });
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ kind: "multiplier", agrees: true, faults: [] });
    expect(body).not.toHaveProperty("ownerUserId");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});
