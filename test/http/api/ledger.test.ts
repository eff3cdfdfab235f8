import { describe, expect, test } from "vitest";
import { volunteer } from "../../support/factories.ts";
import { NOW, type RewardsScene, rewardsScene } from "../../support/rewards-scene.ts";
import { takeSale } from "../../support/sales.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { serve } from "../support.ts";

type Body = Record<string, unknown> & { error?: { code: string } };

async function open() {
  const scene = await rewardsScene({ AUTH_JWT_SECRET: JWT_SECRET });
  const address = await serve(scene.world);
  const get = async (path: string, userId?: string) => {
    const headers = userId === undefined ? {} : { Authorization: `Bearer ${await userToken(userId, NOW)}` };
    const response = await fetch(`${address}/api/v1${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Body };
  };
  return { ...scene, get };
}

const person = ({ people }: Pick<RewardsScene, "people">, n: number) => people[n]!;

describe("GET /ledger/me", () => {
  test("shows the balance and each transaction, newest first, with a link to its explanation", async () => {
    const scene = await open();
    const { status, body } = await scene.get("/ledger/me", person(scene, 0).userId);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      balance: "56.03",
      next: null,
      lines: [
        { kind: "commission", amount: "6.03", explain: `/api/v1/explain/commission/${scene.saleId}:3` },
        {
          kind: "budget",
          amount: "50.00",
          explain: `/api/v1/explain/award/${scene.periodId}:${person(scene, 0).profileId}`,
        },
      ],
    });
    for (const { explain } of body.lines as { explain: string }[]) {
      const explained = await scene.get(explain.replace("/api/v1", ""), person(scene, 0).userId);
      expect(explained).toMatchObject({ status: 200, body: { agrees: true } });
    }
  });

  test("pages without missing or repeating a transaction", async () => {
    const scene = await open();
    for (let n = 0; n < 5; n++) await takeSale(scene.world, { buyer: person(scene, 3), amount: 10_000_000n });
    await scene.world.drain();
    const seen: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const { body } = await scene.get(
        `/ledger/me?limit=2${next && `&before=${next}`}`,
        person(scene, 0).userId,
      );
      seen.push(...(body.lines as { id: string }[]).map(({ id }) => id));
      next = body.next as string | null;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  test("shows only the user's account, and rejects invalid queries", async () => {
    const scene = await open();
    expect(await scene.get("/ledger/me")).toMatchObject({ status: 401 });
    expect((await scene.get("/ledger/me", person(scene, 3).userId)).body).toMatchObject({
      balance: "0.00",
      lines: [],
    });
    for (const query of ["limit=0", "limit=x", "before=1", "before=1-x"]) {
      expect(await scene.get(`/ledger/me?${query}`, person(scene, 0).userId)).toMatchObject({
        status: 422,
        body: { error: { code: "bad-query" } },
      });
    }
  });
});

describe("GET /referrals/tree", () => {
  test("shows referred users, nearest first, with names of direct referrals only", async () => {
    const scene = await open();
    const { status, body } = await scene.get("/referrals/tree", person(scene, 0).userId);
    expect(status).toBe(200);
    const [tree] = body.trees as Record<string, unknown>[];
    expect(tree).toMatchObject({
      profile_id: person(scene, 0).profileId,
      upline: [],
      truncated: false,
      children: [
        {
          profile_id: person(scene, 1).profileId,
          name: "",
          depth: 1,
          referred: 1,
          children: [
            {
              profile_id: person(scene, 2).profileId,
              name: null,
              children: [{ profile_id: person(scene, 3).profileId, depth: 3, earned: "6.03", children: [] }],
            },
          ],
        },
      ],
    });
  });

  test("respects depth and limit, and reports truncation", async () => {
    const scene = await open();
    const organizationId = "1";
    for (let n = 0; n < 3; n++) await volunteer(scene.world, { organizationId, referrer: person(scene, 0) });
    const { body } = await scene.get("/referrals/tree?limit=2&depth=1", person(scene, 0).userId);
    const [tree] = body.trees as { children: { children: unknown[] }[]; truncated: boolean }[];
    expect(tree!.children).toHaveLength(2);
    expect(tree!.children[0]!.children).toEqual([]);
    expect(tree!.truncated).toBe(true);
    expect(await scene.get("/referrals/tree?depth=9", person(scene, 0).userId)).toMatchObject({
      status: 422,
    });
  });
});
