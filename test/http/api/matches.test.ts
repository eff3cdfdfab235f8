import { describe, expect, it } from "vitest";
import { listRuns } from "../../../src/queues/runs.ts";
import { calculateMatches } from "../../../src/workers/matching/calculate-matches.ts";
import { notifyProjectMatches } from "../../../src/workers/notifications/matching/notify-project-matches.ts";
import { organization, volunteer } from "../../support/factories.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
import { BERLIN, giveSkills, projectFor, skilled, skillIds } from "../../support/matching.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";

const NOW = "2026-03-02T10:00:00Z";

type Body = Record<string, unknown> & { error?: { code: string } };

async function open(environment: Record<string, string> = {}) {
  const world = await createWorld({ at: NOW, environment: { AUTH_JWT_SECRET: JWT_SECRET, ...environment } });
  const address = await serve(world);
  const send = async (method: "POST" | "DELETE", path: string, userId: string) => {
    const headers = { Authorization: `Bearer ${await userToken(userId, NOW)}` };
    return (await fetch(`${address}/api/v1${path}`, { method, headers })).status;
  };
  const get = async (path: string, userId?: string) => {
    const headers = userId === undefined ? {} : { Authorization: `Bearer ${await userToken(userId, NOW)}` };
    const response = await fetch(`${address}/api/v1${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const calculate = async () => {
    await enqueueRunIn(world, calculateMatches, {});
    await world.drain();
  };
  return { world, get, send, calculate, organizationId: await organization(world) };
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

describe("faults of people 30", () => {
  it("a dismissed match stays dismissed: among the user's matches, the candidates and the notices, whatever the score is later", async () => {
    const { world, get, send, calculate, organizationId } = await open();
    const lead = await volunteer(world, { organizationId });
    const me = await skilled(world, { cooking: 0.7 }, { organizationId });
    const kitchen = await projectFor(world, ["cooking"], { organizationId, lead: lead.userId });
    await calculate();
    const seen = async () => [
      ((await get("/volunteers/me/matches", me)).body["matches"] as unknown[]).length,
      ((await get(`/projects/${kitchen}/candidates`, lead.userId)).body["candidates"] as unknown[]).length,
    ];
    expect(await seen()).toEqual([1, 1]);
    const dismissal = `/volunteers/me/matches/${kitchen}/dismiss`;
    expect(await send("POST", dismissal, me)).toBe(204);
    expect(await send("POST", dismissal, me)).toBe(204);
    expect(await seen()).toEqual([0, 0]);
    await giveSkills(world, me, { cooking: 1 });
    await enqueueRunIn(world, notifyProjectMatches, {});
    await world.drain();
    expect(await seen()).toEqual([0, 0]);
    expect(await world.query("select 1 from candidate_notifications")).toEqual([]);
    const [run] = await listRuns(world.db.drizzle, { job: notifyProjectMatches.name }, 1);
    expect(run?.counts).toMatchObject({ candidates: 0, "skipped-dismissed": 1 });
    expect(await send("DELETE", dismissal, me)).toBe(204);
    expect(await send("DELETE", dismissal, me)).toBe(404);
    expect(await seen()).toEqual([1, 1]);
  });

  it("a user can dismiss open projects only, by the host's ids, and for nobody but themselves", async () => {
    const { world, get, send, organizationId } = await open();
    const [me, other] = [
      await skilled(world, { cooking: 1 }, { organizationId }),
      await skilled(world, { cooking: 1 }, { organizationId }),
    ];
    const draft = await projectFor(world, ["cooking"], { organizationId, status: "draft" });
    const kitchen = await projectFor(world, ["cooking"], { organizationId });
    await world.query("update projects set host_id = 'kitchen' where id = $1", [kitchen]);
    for (const id of [draft, kitchen, "999", "x"])
      expect(await send("POST", `/volunteers/me/matches/${id}/dismiss`, me)).toBe(404);
    expect(await send("POST", "/volunteers/me/matches/kitchen/dismiss", me)).toBe(204);
    expect((await get("/volunteers/me/matches", me)).body["matches"]).toEqual([]);
    expect((await get("/volunteers/me/matches", other)).body["matches"]).toHaveLength(1);
  });

  it("neither list has the team, applicants, the rejected and the dismissed", async () => {
    const { world, get, calculate, organizationId } = await open();
    const people = [];
    for (let n = 0; n < 6; n++) people.push(await skilled(world, { cooking: 1 }, { organizationId }));
    const [lead, member, invited, applicant, rejected, free] = people as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const project = await projectFor(world, ["cooking"], { organizationId, lead });
    await world.query("insert into project_members (project_id, user_id) values ($1, $2)", [project, member]);
    await world.query(
      "insert into project_team_members (project_id, user_id, status) values ($1, $2, 'invited')",
      [project, invited],
    );
    await world.query(
      "insert into project_applications (project_id, user_id, status) values ($1, $2, 'pending'), ($1, $3, 'rejected')",
      [project, applicant, rejected],
    );
    await calculate();
    const { body } = await get(`/projects/${project}/candidates`, lead);
    expect(body["candidates"]).toMatchObject([{ user_id: free }]);
    expect(body["candidates"]).toHaveLength(1);
    for (const person of people)
      expect((await get("/volunteers/me/matches", person)).body["matches"]).toHaveLength(
        person === free ? 1 : 0,
      );
  });

  it("volunteers/me/matches says why it is empty", async () => {
    const { world, get, organizationId } = await open();
    const reasonFor = async (userId: string, query = "") => {
      const { body } = await get(`/volunteers/me/matches${query}`, userId);
      return (body["empty"] as { reason: string } | undefined)?.reason;
    };
    const nobody = (await volunteer(world, { organizationId })).userId;
    const idle = await skilled(world, {}, { organizationId });
    const cook = await skilled(world, { cooking: 0.2 }, { organizationId });
    const hidden = await skilled(world, { cooking: 1 }, { organizationId, visible: false });
    expect(await reasonFor(nobody)).toBe("not-a-volunteer");
    expect(await reasonFor(idle)).toBe("no-skills");
    expect(await reasonFor(cook)).toBe("no-open-projects");
    const court = await projectFor(world, ["law"], { organizationId });
    expect(await reasonFor(cook)).toBe("no-required-skill");
    const kitchen = await projectFor(world, ["cooking"], { organizationId });
    expect(await reasonFor(hidden)).toBe("skills-hidden");
    expect(await reasonFor(cook)).toBeUndefined();
    const { body } = await get("/volunteers/me/matches?min_score=0.9", cook);
    expect(body["empty"]).toEqual({
      reason: "below-min-score",
      message: "The best score is 0.6, below the minimum.",
    });
    await world.query("insert into project_applications (project_id, user_id) values ($1, $2)", [
      kitchen,
      cook,
    ]);
    expect(await reasonFor(cook)).toBe("none-left");
    await world.query("update projects set project_status = 'archived' where id = any($1)", [
      [court, kitchen],
    ]);
    expect(await reasonFor(cook)).toBe("no-open-projects");
  });

  it("projects/:id/candidates says why it is empty", async () => {
    const { world, get, calculate, organizationId } = await open();
    const lead = (await volunteer(world, { organizationId })).userId;
    const project = await projectFor(world, [], { organizationId, lead, status: "draft" });
    const reason = async (query = "") => {
      const { body } = await get(`/projects/${project}/candidates${query}`, lead);
      return (body["empty"] as { reason: string } | undefined)?.reason;
    };
    expect(await reason()).toBe("not-open");
    await world.query("update projects set project_status = 'recruiting' where id = $1", [project]);
    expect(await reason()).toBe("no-skills-required");
    const [cooking] = await skillIds(world, "cooking");
    await world.query("insert into project_required_skills (project_id, skill_id) values ($1, $2)", [
      project,
      cooking,
    ]);
    await calculate();
    expect(await reason()).toBe("no-volunteer-matches");
    const cook = await skilled(world, { cooking: 0.5 }, { organizationId });
    expect(await reason()).toBe("not-calculated");
    await calculate();
    expect(await reason()).toBeUndefined();
    expect(await reason("?min_score=0.9")).toBe("below-min-score");
    await world.query("update volunteers set skills_visible = false where user_id = $1", [cook]);
    expect(await reason()).toBe("none-left");
  });
});
