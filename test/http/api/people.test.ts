import { describe, expect, it } from "vitest";
import { buildUserTraits } from "../../../src/workers/matching/people/build-user-traits.ts";
import { performRun } from "../../support/jobs.ts";
import { profile, rate, scorePairs } from "../../support/pairs.ts";
import { block } from "../../support/platform.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";

type Match = {
  user_id: string;
  score: number;
  tier: string;
  reasons: string[];
  shared_interests: string[];
  explain: string;
};
type Body = { total: number; as_of: string | null; matches: Match[] };

async function open() {
  const world = await createWorld({
    at: "2026-06-02T08:00:00Z",
    environment: { AUTH_JWT_SECRET: JWT_SECRET },
  });
  const address = await serve(world);
  const get = async <B = Body>(path: string, userId: string) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${await userToken(userId, world.clock.now())}` },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as B };
  };
  return { world, address, get };
}

const namesOf = ({ matches }: Body) => matches.map(({ user_id }) => user_id);

describe("GET /users/me/matches", () => {
  it("pages through the lists of the user, tier A first", async () => {
    const { world, get } = await open();
    const me = await profile(world, { preferences: { genders: ["man"] } });
    const women = [await profile(world, { profile: { gender: "woman" } })];
    const men: string[] = [];
    for (let n = 0; n < 3; n++) men.push(await profile(world, { profile: { gender: "man" } }));
    await scorePairs(world);
    const { status, headers, body } = await get("/users/me/matches", me);
    expect([status, headers.get("cache-control"), body.total]).toEqual([200, "no-store", 4]);
    expect(body.as_of).toBe("2026-06-02T08:00:00.000Z");
    expect(namesOf(body)).toEqual([...men, ...women]);
    expect(namesOf((await get("/users/me/matches?tier=B", me)).body)).toEqual(women);
    const second = await get("/users/me/matches?tier=A&page=2&page_size=2", me);
    expect([namesOf(second.body), second.body.total]).toEqual([men.slice(2), 3]);
    expect((await get("/users/me/matches?page=9", me)).body).toMatchObject({ matches: [], total: 4 });
    for (const wrong of ["tier=C", "page=0", "page=100001", "page_size=51", "page=x"])
      expect((await get(`/users/me/matches?${wrong}`, me)).status, wrong).toBe(422);
  });

  it("shows scores in steps of 0.05 and ratings as words, and no interests of those who hide them", async () => {
    const { world, get } = await open();
    const me = await profile(world, { interests: [1, 2] });
    const bob = await profile(world, { interests: [1, 2, 3] });
    for (let n = 0; n < 3; n++) await rate(world, await profile(world), bob, [5, 4, 5, 4]);
    await scorePairs(world);
    const ofBob = async () =>
      (await get("/users/me/matches", me)).body.matches.find(({ user_id }) => user_id === bob)!;
    const shown = await ofBob();
    expect(Math.round(shown.score * 100) % 5).toBe(0);
    expect(shown.reasons).toEqual(["well liked", "shared interests", "similar answers"]);
    expect([...shown.shared_interests].sort()).toEqual(["Interest 1", "Interest 2"]);
    expect(Object.keys(shown).sort()).toEqual([
      "explain",
      "name",
      "reasons",
      "score",
      "shared_interests",
      "tier",
      "user_id",
    ]);
    await world.query("update profiles set hidden_attributes = '{interests}' where user_id = $1", [bob]);
    expect(await ofBob()).toMatchObject({ shared_interests: [], reasons: ["well liked", "similar answers"] });
  });

  it("shows no term about facts that the candidate hides, nor does the explanation", async () => {
    const { world, get } = await open();
    const traits = { calm: 5, open: 5, bold: 5 };
    const me = await profile(world, { profile: { latitude: 50, longitude: 10 }, traits });
    const bob = await profile(world, { profile: { latitude: 50, longitude: 10 }, traits });
    await performRun(world, buildUserTraits, {});
    await scorePairs(world);
    const told = async () => {
      const [match] = (await get("/users/me/matches", me)).body.matches;
      const { body } = await get<Explained>(match!.explain.replace("/api/v1", ""), me);
      const text = Object.fromEntries(body.steps.map(({ what, how }) => [what, how]));
      return { reasons: match!.reasons, traits: text["traits"], proximity: text["proximity"] };
    };
    const unhidden = await told();
    expect(unhidden.reasons).toEqual(expect.arrayContaining(["similar answers", "lives nearby"]));
    expect(unhidden.traits).toContain("from 0 to 1");
    for (const place of ["location_text", "latitude", "longitude"]) {
      await world.query("update profiles set hidden_attributes = array['traits', $2] where user_id = $1", [
        bob,
        place,
      ]);
      const { reasons, ...explained } = await told();
      for (const reason of ["similar answers", "lives nearby"]) expect(reasons).not.toContain(reason);
      expect(explained).toEqual({ traits: "counts 0.25 of 1: hidden", proximity: "counts 0.2 of 1: hidden" });
    }
  });

  it("leaves out people who hid or blocked from the very next request on, and is empty without lists", async () => {
    const { world, get } = await open();
    const me = await profile(world);
    expect((await get("/users/me/matches", me)).body).toMatchObject({ matches: [], total: 0, as_of: null });
    const [bob, cleo] = [await profile(world), await profile(world)];
    await scorePairs(world);
    expect(namesOf((await get("/users/me/matches", me)).body)).toEqual([bob, cleo]);
    await block(world, me, bob);
    await world.query("update profiles set banned = true where user_id = $1", [cleo]);
    expect((await get("/users/me/matches", me)).body).toMatchObject({ matches: [], total: 0 });
  });

  it("needs a token", async () => {
    const { address } = await open();
    expect((await fetch(`${address}/api/v1/users/me/matches`)).status).toBe(401);
  });
});

type Explained = { agrees: boolean; steps: { what: string; how: string }[]; error?: { code: string } };

describe("GET /explain/pair", () => {
  it("explains a pair on the caller's own lists, and no other", async () => {
    const { world, get } = await open();
    const me = await profile(world, { profile: { latitude: 50, longitude: 10 } });
    const bob = await profile(world, { profile: { latitude: 50.1, longitude: 10 } });
    await scorePairs(world);
    const [match] = (await get("/users/me/matches", me)).body.matches;
    const { status, body } = await get<Explained>(match!.explain.replace("/api/v1", ""), me);
    expect([status, body.agrees]).toEqual([200, true]);
    const text = Object.fromEntries(body.steps.map(({ what, how }) => [what, how]));
    expect(text["proximity"]).toBe("counts 0.2 of 1: 10 to 25 km away");
    expect(text["quality"]).toBe("counts 0.15 of 1: what others think of them");
    expect(text["score"]).toMatch(/^about 0\.\d{1,2}, from 0 to 1$/);
    expect((await get(`/explain/pair/${me}:${bob}`, bob)).status).toBe(404);
    expect((await get(`/explain/pair/${me}:${me}`, me)).status).toBe(404);
    await block(world, bob, me);
    expect((await get(`/explain/pair/${me}:${bob}`, me)).status).toBe(404);
  });
});
