import { describe, expect, it } from "vitest";
import { calculateMatches } from "../../../src/workers/matching/calculate-matches.ts";
import { organization, volunteer } from "../../support/factories.ts";
import { askForRun } from "../../support/jobs.ts";
import { BERLIN, projectFor, skilled } from "../../support/matching.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";

const NOW = "2026-03-02T10:00:00Z";

type Body = Record<string, unknown> & { error?: { code: string } };

async function open(environment: Record<string, string> = {}) {
  const world = await createWorld({ at: NOW, environment: { AUTH_JWT_SECRET: JWT_SECRET, ...environment } });
  const address = await serve(world);
  const get = async (path: string, userId?: string) => {
    const headers = userId === undefined ? {} : { Authorization: `Bearer ${await userToken(userId, NOW)}` };
    const response = await fetch(`${address}/api/v1${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const calculate = async () => {
    await askForRun(world, calculateMatches, {});
    await world.drain();
  };
  return { world, get, calculate, organizationId: await organization(world) };
}

describe("GET /projects/:id/candidates", () => {
  it("lists matching volunteers, best first, with components and reasons; the score is the first field", async () => {
    const { world, get, calculate, organizationId } = await open();
    const lead = await volunteer(world, { organizationId });
    const ada = await skilled(
      world,
      { cooking: 1, music: 0.5 },
      { organizationId, location: BERLIN, name: "Ada" },
    );
    const ben = await skilled(world, { cooking: 0.2 }, { organizationId, name: "Ben" });
    const project = await projectFor(world, ["cooking", "driving"], {
      organizationId,
      location: BERLIN,
      lead: lead.userId,
    });
    await calculate();
    const { status, body } = await get(`/projects/${project}/candidates`, lead.userId);
    expect(status).toBe(200);
    const [first, second] = body["candidates"] as Record<string, unknown>[];
    expect(Object.keys(first!)[0]).toBe("score");
    expect(first).toMatchObject({
      score: 0.65,
      percent: 65,
      user_id: ada,
      name: "Ada",
      components: { coverage: 0.5, jaccard: 0.333333, location: 1 },
      matched_skills: ["cooking"],
      missing_skills: ["driving"],
      reasons: ["1 of 2 required skills: cooking", "missing: driving", "within 2 km: location score 100 %"],
    });
    expect(second).toMatchObject({ user_id: ben, score: 0.3, components: { location: null } });
    const explained = await get((first!["explain"] as string).replace("/api/v1", ""), lead.userId);
    expect(explained).toMatchObject({ status: 200, body: { agrees: true } });
    expect(Object.keys(explained.body)).not.toContain("alsoFor");
    const few = await get(`/projects/${project}/candidates?limit=1&min_score=0.5`, lead.userId);
    expect(few.body["candidates"]).toHaveLength(1);
  });

  it("takes and shows the host's ids where there are any", async () => {
    const { world, get, calculate, organizationId } = await open();
    const lead = await volunteer(world, { organizationId });
    const ada = await skilled(world, { cooking: 1 }, { organizationId });
    const ben = await skilled(world, { cooking: 0.5 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId, lead: lead.userId });
    await calculate();
    await world.query("update users set host_id = 'ada' where id = $1", [ada]);
    expect((await get(`/projects/${project}/candidates`, lead.userId)).body["candidates"]).toMatchObject([
      { user_id: "ada", explain: `/api/v1/explain/match/${project}:ada` },
      { user_id: ben, explain: `/api/v1/explain/match/${project}:${ben}` },
    ]);
    await world.query("update projects set host_id = 'soup/kitchen' where id = $1", [project]);
    expect((await get(`/projects/${project}/candidates`, lead.userId)).status).toBe(404);
    const { body } = await get("/projects/soup%2Fkitchen/candidates", lead.userId);
    const [{ explain }] = body["candidates"] as [{ explain: string }];
    expect(explain).toBe("/api/v1/explain/match/soup%2Fkitchen:ada");
    const explained = await get(explain.replace("/api/v1", ""), lead.userId);
    expect(explained).toMatchObject({ status: 200, body: { id: "soup/kitchen:ada", agrees: true } });
    const own = await get("/volunteers/me/matches", "ada");
    expect(own.body["matches"]).toMatchObject([
      { project_id: "soup/kitchen", explain: "/api/v1/explain/match/soup%2Fkitchen:ada" },
    ]);
  });

  it("is for those who run the project, and omits volunteers who hide their skills by now", async () => {
    const { world, get, calculate, organizationId } = await open();
    const [creator, owner, operator, stranger] = await Promise.all(
      Array.from({ length: 4 }, () => volunteer(world, { organizationId })),
    );
    const person = await skilled(world, { cooking: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId, createdBy: creator!.userId });
    await world.query(
      "insert into organization_members (organization_id, user_id, role) values ($1, $2, 'owner'), ($1, $3, 'member')",
      [organizationId, owner!.userId, stranger!.userId],
    );
    await world.query("update users set is_operator = true where id = $1", [operator!.userId]);
    await calculate();
    const path = `/projects/${project}/candidates`;
    for (const { userId } of [creator!, owner!, operator!])
      expect((await get(path, userId)).body["candidates"]).toHaveLength(1);
    for (const userId of [stranger!.userId, person]) expect((await get(path, userId)).status).toBe(404);
    for (const wrong of ["/projects/999/candidates", "/projects/x/candidates"])
      expect((await get(wrong, operator!.userId)).status).toBe(404);
    expect((await get(path)).status).toBe(401);
    expect((await get(`${path}?limit=0`, creator!.userId)).status).toBe(422);
    // Others may not see why somebody is on the list or not.
    expect((await get(`/explain/match/${project}:${person}`, stranger!.userId)).status).toBe(404);
    expect((await get(`/explain/match/${project}:${person}`, person)).status).toBe(200);
    await world.query("update volunteers set skills_visible = false where user_id = $1", [person]);
    expect((await get(path, creator!.userId)).body["candidates"]).toEqual([]);
  });
});

describe("GET /volunteers/me/matches", () => {
  it("is computed on request, also for a user on no list, with the score of the lists", async () => {
    const { world, get, calculate, organizationId } = await open({ MATCHES_PER_PROJECT: "1" });
    await skilled(world, { cooking: 1, law: 1 }, { organizationId, location: BERLIN });
    const me = await skilled(world, { cooking: 0.8, law: 0.2 }, { organizationId, location: BERLIN });
    const kitchen = await projectFor(world, ["cooking"], {
      organizationId,
      location: BERLIN,
      name: "Kitchen",
    });
    const court = await projectFor(world, ["law"], { organizationId, remote: true });
    await projectFor(world, ["law"], { organizationId, status: "archived" });
    await projectFor(world, ["music"], { organizationId });
    await calculate();
    const { status, body } = await get("/volunteers/me/matches", me);
    expect(status).toBe(200);
    expect(body["matches"]).toMatchObject([
      { score: 0.93, project_id: kitchen, project_name: "Kitchen", matched_skills: ["cooking"] },
      { score: 0.6, project_id: court, components: { location: null } },
    ]);
    expect((await get("/volunteers/me/matches?min_score=0.7", me)).body["matches"]).toHaveLength(1);
    await world.query("update volunteers set skills_visible = false where user_id = $1", [me]);
    expect((await get("/volunteers/me/matches", me)).body["matches"]).toEqual([]);
  });

  it("finds the same best projects as scoring each of them", async () => {
    const { world, get, organizationId } = await open();
    const me = await skilled(
      world,
      { cooking: 0.5, law: 0.9, music: 0.3 },
      { organizationId, location: BERLIN },
    );
    const owner = await volunteer(world, { organizationId });
    // 600 projects in three pages: those that could be best by nearness are not.
    await world.query(
      `insert into projects (organization_id, name, project_status, created_by, latitude, longitude)
       select $1, 'P', 'active', $2, 40 + (g % 25) * 0.5, 13.405 from generate_series(1, 600) g`,
      [organizationId, owner.userId],
    );
    await world.query(
      `insert into project_required_skills (project_id, skill_id)
       select p.id, s.id from projects p join skills s on (p.id + s.id) % 3 > 0 where p.name = 'P'`,
    );
    const all = (await get("/volunteers/me/matches?limit=200&min_score=0", me)).body["matches"] as {
      score: number;
      project_id: string;
    }[];
    const best = (await get("/volunteers/me/matches?limit=7&min_score=0", me)).body["matches"];
    expect(all).toHaveLength(200);
    expect(best).toEqual(all.slice(0, 7));
    const scores = all.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });
});
