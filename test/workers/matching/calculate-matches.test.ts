import { describe, expect, it, vi } from "vitest";
import { listRuns } from "../../../src/queues/runs.ts";
import { calculateMatches } from "../../../src/workers/matching/calculate-matches.ts";
import { organization } from "../../support/factories.ts";
import { enqueueRunIn, performRun } from "../../support/jobs.ts";
import {
  BERLIN,
  giveSkills,
  projectFor,
  projectsFor,
  requireSkills,
  skilled,
  skillIds,
  storedLists,
  storedMatches,
} from "../../support/matching.ts";
import { size } from "../../support/sizes.ts";
import { createWorld, type World } from "../../support/world.ts";

type RunInput = { projectId?: string; volunteerId?: string; full?: boolean };

const latestRun = async (world: World, input: RunInput) => {
  const latest = await performRun(world, calculateMatches, input);
  expect(latest).toMatchObject({ status: "done" });
  return latest;
};

const run = async (world: World, input: RunInput = {}) => (await latestRun(world, input)).counts;

const marks = (world: World) => world.query("select user_id, project_id from match_marks");

const open = async (environment: Record<string, string> = {}) => {
  const world = await createWorld({ environment, at: "2026-03-02T10:00:00Z" });
  return { world, organizationId: await organization(world) };
};

describe("calculate-matches", () => {
  it("stores the best candidates of each open project with their components, best first", async () => {
    const { world, organizationId } = await open();
    const [cooking, , driving] = await skillIds(world, "cooking", "gardening", "driving");
    const expert = await skilled(world, { cooking: 1, driving: 0.6 }, { organizationId, location: BERLIN });
    const novice = await skilled(world, { cooking: 0.1 }, { organizationId, location: BERLIN });
    const far = await skilled(
      world,
      { cooking: 1, driving: 0.6 },
      { organizationId, location: { latitude: 48.1, longitude: 11.6 } },
    );
    await skilled(world, { gardening: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking", "driving"], { organizationId, location: BERLIN });
    await projectFor(world, ["cooking"], { organizationId, status: "draft" });
    await projectFor(world, [], { organizationId });
    expect(await run(world)).toEqual({ projects: 1, matches: 3, added: 3, changed: 0, removed: 0 });
    expect(await storedMatches(world)).toMatchObject([
      { project, volunteer: expert, score: 0.93, coverage: 0.8, jaccard: 1, location: 1, count: 2 },
      { volunteer: far, score: 0.63, location: 0 },
      {
        volunteer: novice,
        score: 0.4925,
        coverage: 0.05,
        jaccard: 0.5,
        location: 1,
        skills: [cooking],
        count: 1,
      },
    ]);
    expect((await storedMatches(world))[0]!.skills.sort()).toEqual([cooking, driving].sort());
    expect(await storedLists(world)).toEqual([{ project_id: project, size: 3, floor_score: 0.4925 }]);
  });

  it("writes differences only, and removes the list of a project that has closed", async () => {
    const { world, organizationId } = await open({ MATCHES_PER_PROJECT: "2" });
    const [a, b, c] = await Promise.all(
      [0.9, 0.6, 0.3].map((weight) => skilled(world, { cooking: weight }, { organizationId })),
    );
    const first = await projectFor(world, ["cooking"], { organizationId });
    const second = await projectFor(world, ["cooking"], { organizationId });
    expect(await run(world)).toMatchObject({ added: 4 });
    const before = await world.query(
      "select xmin, * from volunteer_initiative_matches order by project_id, volunteer_id",
    );
    world.at("2026-03-02T11:00:00Z");
    expect(await run(world, { full: true })).toEqual({
      projects: 2,
      matches: 4,
      added: 0,
      changed: 0,
      removed: 0,
    });
    expect(
      await world.query("select xmin, * from volunteer_initiative_matches order by project_id, volunteer_id"),
    ).toEqual(before);
    await world.query("update projects set project_status = 'completed' where id = $1", [second]);
    await giveSkills(world, a!, { cooking: 0.2 });
    expect(await run(world, { full: true })).toEqual({
      projects: 1,
      matches: 2,
      added: 1,
      changed: 0,
      removed: 3,
    });
    expect((await storedMatches(world)).map(({ project, volunteer }) => [project, volunteer])).toEqual([
      [first, b],
      [first, c],
    ]);
    expect(await storedLists(world)).toHaveLength(1);
  });

  it("stores the same lists in small statements, while other work wants the processors", async () => {
    const { world, organizationId } = await open();
    for (let n = 0; n < 10; n++) {
      await projectFor(world, ["cooking", "driving"], { organizationId });
      await skilled(world, { cooking: 0.1 + 0.05 * n, driving: 1 - 0.05 * n }, { organizationId });
    }
    const isCrowded = vi.spyOn(world.compute.turns, "isCrowded").mockReturnValue(true);
    const small = await run(world);
    const stored = await storedMatches(world);
    expect(small).toMatchObject({ projects: 10, added: 100 });
    expect(isCrowded).toHaveBeenCalled();
    isCrowded.mockReturnValue(false);
    await world.query(
      "update projects set project_status = 'completed' where id in (select min(id) from projects)",
    );
    expect(await run(world, { full: true })).toMatchObject({
      projects: 9,
      added: 0,
      changed: 0,
      removed: 10,
    });
    isCrowded.mockReturnValue(true);
    await world.query("delete from volunteer_initiative_matches");
    expect(await run(world, { full: true })).toMatchObject({ projects: 9, added: 90 });
    const [gone] = stored;
    expect(await storedMatches(world)).toEqual(stored.filter(({ project }) => project !== gone!.project));
  });

  it("for one project, one volunteer or marked changes leaves the same rows as a full run", async () => {
    const { world, organizationId } = await open({ MATCHES_PER_PROJECT: "3" });
    const names = ["cooking", "driving", "law", "maths", "music"];
    const draw = drawing(11);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
    const someSkills = () =>
      Object.fromEntries(
        names.filter(() => draw() < 0.5).map((name) => [name, pick([0.1, 0.5, 0.5, 0.8, 1])]),
      );
    const somewhere = () => (draw() < 0.5 ? { latitude: 52 + draw(), longitude: 13 + draw() } : undefined);
    const placed = () => {
      const location = somewhere();
      return location ? { location } : {};
    };
    const people: string[] = [];
    for (let n = 0; n < 9; n++)
      people.push(await skilled(world, someSkills(), { organizationId, ...placed() }));
    const projects: string[] = [];
    for (let n = 0; n < 5; n++)
      projects.push(
        await projectFor(
          world,
          names.filter(() => draw() < 0.6),
          { organizationId, remote: draw() < 0.4, ...placed() },
        ),
      );
    await run(world);
    const changes: (() => Promise<{ volunteerId: string } | { projectId: string }>)[] = [
      async () => {
        const volunteerId = pick(people);
        await giveSkills(world, volunteerId, someSkills());
        return { volunteerId };
      },
      async () => {
        const volunteerId = pick(people);
        await world.query("update volunteers set skills_visible = not skills_visible where user_id = $1", [
          volunteerId,
        ]);
        return { volunteerId };
      },
      async () => {
        const volunteerId = pick(people);
        const location = somewhere();
        await world.query("update volunteers set latitude = $2, longitude = $3 where user_id = $1", [
          volunteerId,
          location?.latitude ?? null,
          location?.longitude ?? null,
        ]);
        return { volunteerId };
      },
      async () => {
        const projectId = pick(projects);
        await requireSkills(
          world,
          projectId,
          names.filter(() => draw() < 0.5),
        );
        return { projectId };
      },
      async () => {
        const projectId = pick(projects);
        await world.query("update projects set project_status = $2, remote = $3 where id = $1", [
          projectId,
          pick(["recruiting", "active", "active", "archived"]),
          draw() < 0.5,
        ]);
        return { projectId };
      },
    ];
    const spend = async (table: string, columns: string, values: string) => {
      const projectId = pick(projects);
      const change =
        draw() < 0.5
          ? `delete from ${table} where project_id = $1 and $2::bigint is not null`
          : `insert into ${table} (project_id, ${columns}) values ($1, $2${values}) on conflict do nothing`;
      await world.query(change, [projectId, pick(people)]);
      return { projectId };
    };
    changes.push(
      () => spend("project_members", "user_id", ""),
      () => spend("project_team_members", "user_id", ""),
      () => spend("project_applications", "user_id", ""),
      () => spend("match_dismissals", "user_id", ""),
      () =>
        spend(
          "candidate_notifications",
          "volunteer_id, match_score, batch_id, slot",
          ", 1, gen_random_uuid(), now()",
        ),
      async () => {
        const volunteerId = pick(people);
        await world.query(
          "update users set deactivated_at = case when deactivated_at is null then now() end where id = $1",
          [volunteerId],
        );
        return { volunteerId };
      },
      async () => {
        const projectId = pick(projects);
        await world.query("update projects set team_lead = $2, created_by = $3 where id = $1", [
          projectId,
          pick(people),
          pick(people),
        ]);
        return { projectId };
      },
    );
    for (let step = 0; step < size(10, 300); step++) {
      const changed = [await pick(changes)(), await pick(changes)()];
      if (draw() < 0.4) for (const input of changed) await run(world, input);
      else expect((await latestRun(world, {})).total).toBeLessThan(projects.length + 1);
      expect(await marks(world)).toEqual([]);
      const alone = [await storedMatches(world), await storedLists(world)];
      const counts = await run(world, { full: true });
      expect({ step, ...counts }).toMatchObject({ step, added: 0, changed: 0, removed: 0 });
      expect([await storedMatches(world), await storedLists(world)]).toEqual(alone);
    }
    expect((await storedMatches(world)).length).toBeGreaterThan(5);
  });

  it("removes a deleted volunteer from all lists", async () => {
    const { world, organizationId } = await open();
    const gone = await skilled(world, { cooking: 1 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId });
    await run(world);
    await world.query("delete from volunteers where user_id = $1", [gone]);
    expect(await run(world, { volunteerId: gone })).toMatchObject({ removed: 1 });
    expect(await storedMatches(world)).toEqual([]);
  });

  it("waits for an active full run, for one volunteer as for all", async () => {
    const { world, organizationId } = await open();
    const volunteerId = await skilled(world, { cooking: 1 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId });
    await enqueueRunIn(world, calculateMatches, {});
    const [cut] = await world.enqueued(calculateMatches);
    await world.run(calculateMatches, [cut!.id]);
    expect(await world.perform(calculateMatches, { volunteerId })).toMatchObject({ snoozed: 1 });
    expect(await world.perform(calculateMatches, {})).toMatchObject({ snoozed: 1 });
    for (let wait = 0; wait < 3; wait++) {
      await world.drain();
      await world.skipBackOff();
    }
    expect(await world.enqueued()).toEqual([]);
    expect(await storedMatches(world)).toHaveLength(1);
  });

  it("a range of one project that was cut before a full run waits for it: the full run may have read old profiles", async () => {
    const { world, organizationId } = await open();
    await skilled(world, { cooking: 1 }, { organizationId });
    const projectId = await projectFor(world, ["cooking"], { organizationId });
    for (const input of [{ projectId }, {}]) {
      await enqueueRunIn(world, calculateMatches, input);
      const [cut] = await world.enqueued(calculateMatches);
      await world.run(calculateMatches, [cut!.id]);
    }
    const name = "calculate-matches/range";
    const [ofProject, ofAll] = await world.enqueued({ name });
    expect(await world.run({ name }, [ofProject!.id])).toMatchObject({ snoozed: 1 });
    expect(await world.run({ name }, [ofAll!.id])).toMatchObject({ done: 1 });
    await world.drain();
    await world.skipBackOff();
    await world.drain();
    expect(await world.enqueued()).toEqual([]);
  });

  it("a dry run counts, and changes nothing", async () => {
    const { world, organizationId } = await open();
    await skilled(world, { cooking: 1 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId });
    const seen = await world.dryRun(calculateMatches, {});
    expect(seen).toMatchObject({ fault: null, counts: { projects: 1, added: 1 } });
    expect(await storedMatches(world)).toEqual([]);
  });
});

describe("a run over all projects", () => {
  const community = async (environment: Record<string, string> = {}) => {
    const { world, organizationId } = await open(environment);
    const person = await skilled(world, { cooking: 1 }, { organizationId });
    await projectsFor(world, 70, "cooking", { organizationId });
    await run(world);
    return { world, organizationId, person };
  };

  it("has nothing to do when nothing has changed", async () => {
    const { world } = await community();
    expect(await latestRun(world, {})).toMatchObject({
      total: 0,
      counts: { projects: 0, matches: 0, added: 0, changed: 0, removed: 0 },
    });
  });

  it("writes no mark for unchanged rows, or for columns that no list depends on", async () => {
    const { world, person } = await community();
    await world.query("update volunteer_skills set weight = weight");
    await world.query("update volunteers set availability = 'weekends'");
    await world.query("update users set name = 'Somebody', last_active_at = now()");
    await world.query("update projects set name = 'Another', updated_at = now()");
    expect(await marks(world)).toEqual([]);
    await world.query("update volunteer_skills set weight = 0.5 where volunteer_id = $1", [person]);
    expect(await marks(world)).toEqual([{ user_id: person, project_id: null }]);
  });

  it.each<[string, (world: World) => Promise<unknown>]>([
    [
      "26 projects changed",
      (world) =>
        world.query(
          "update projects set remote = true where id in (select id from projects order by id limit 26)",
        ),
    ],
    [
      "a skill is another spelling",
      (world) => world.query("insert into skills (name) values ('JS'), ('JavaScript')"),
    ],
    ["a day has passed", async (world) => world.at("2026-03-03T10:00:00Z")],
    ["it is asked to", async () => undefined],
  ])("computes all lists when %s", async (reason, change) => {
    const { world } = await community();
    await change(world);
    const full = reason === "it is asked to" ? { full: true } : {};
    expect(await latestRun(world, full)).toMatchObject({ total: 2, counts: { projects: 70 } });
    expect(await marks(world)).toEqual([]);
    expect((await latestRun(world, {})).total).toBe(0);
  });

  it("computes all lists when they have another length", async () => {
    const { world } = await community({ MATCHES_PER_PROJECT: "3" });
    await world.query("update list_versions set served_length = 2 where area = 'matches'");
    expect((await latestRun(world, {})).total).toBe(2);
  });

  it("has more than 1,000 changes of one statement in one mark", async () => {
    const { world, organizationId } = await community();
    const [cooking] = await skillIds(world, "cooking");
    await world.query("insert into users (name) select 'user ' || n from generate_series(1, 1001) n");
    await world.query("insert into volunteers (user_id) select id from users on conflict do nothing");
    await world.query(
      "insert into volunteer_skills (volunteer_id, skill_id) select user_id, $1 from volunteers on conflict do nothing",
      [cooking],
    );
    expect(await marks(world)).toEqual([{ user_id: null, project_id: null }]);
    expect((await latestRun(world, {})).total).toBe(2);
    await projectFor(world, ["cooking"], { organizationId });
    expect(await latestRun(world, {})).toMatchObject({ total: 1, counts: { added: 200 } });
  });

  it("takes the changes of a run that failed", async () => {
    const { world, organizationId } = await community();
    const project = await projectFor(world, ["cooking"], { organizationId });
    await enqueueRunIn(world, calculateMatches, {});
    const [cut] = await world.enqueued(calculateMatches);
    await world.run(calculateMatches, [cut!.id]);
    await world.query("delete from outbox where job = 'calculate-matches/range'");
    await world.query("update job_runs set status = 'failed', finished_at = now() where finished_at is null");
    expect(await latestRun(world, {})).toMatchObject({ total: 1, counts: { added: 1 } });
    expect((await storedMatches(world)).some((match) => match.project === project)).toBe(true);
  });
});

describe("a list whose candidates are used up", () => {
  it("is extended by the number of those on the team, who applied or were notified", async () => {
    const { world, organizationId } = await open({ MATCHES_PER_PROJECT: "2" });
    const people = [];
    for (const weight of [1, 0.9, 0.8, 0.7, 0.6, 0.5])
      people.push(await skilled(world, { cooking: weight }, { organizationId }));
    const project = await projectFor(world, ["cooking"], { organizationId });
    const listed = async () => {
      await run(world);
      return (await storedMatches(world)).map(({ volunteer }) => volunteer);
    };
    expect(await listed()).toEqual(people.slice(0, 2));
    await world.query(
      "insert into project_applications (project_id, user_id, status) values ($1, $2, 'rejected')",
      [project, people[0]],
    );
    expect(await listed()).toEqual(people.slice(0, 3));
    await world.query(
      "insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, slot) values ($1, $2, 1, gen_random_uuid(), now())",
      [project, people[1]],
    );
    expect(await listed()).toEqual(people.slice(0, 4));
    // Nobody takes up room twice, nor somebody who does not volunteer.
    await world.query("insert into project_members (project_id, user_id) values ($1, $2)", [
      project,
      people[0],
    ]);
    expect(await listed()).toEqual(people.slice(0, 4));
    await giveSkills(world, people[5]!, { cooking: 0.75 });
    await run(world, { volunteerId: people[5]! });
    expect((await storedMatches(world)).map(({ volunteer }) => volunteer)).toEqual([
      ...people.slice(0, 3),
      people[5],
    ]);
  });
});

describe("defect 5: hidden skills stored", () => {
  it("hidden skills are never stored, and are removed when they become hidden", async () => {
    const { world, organizationId } = await open();
    const shy = await skilled(world, { cooking: 1 }, { organizationId, visible: false });
    const seen = await skilled(world, { cooking: 0.5 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId });
    await run(world);
    expect((await storedMatches(world)).map(({ volunteer }) => volunteer)).toEqual([seen]);
    await world.query("update volunteers set skills_visible = true where user_id = $1", [shy]);
    await run(world, { volunteerId: shy });
    expect((await storedMatches(world)).map(({ volunteer }) => volunteer)).toEqual([shy, seen]);
    await world.query("update volunteers set skills_visible = false where user_id = $1", [shy]);
    await run(world, { volunteerId: shy });
    expect((await storedMatches(world)).map(({ volunteer }) => volunteer)).toEqual([seen]);
  });
});

describe("defect 7: one failed insert spoils the rest of the project", () => {
  it("a range is stored whole or retried whole, and the others are stored", async () => {
    const { world, organizationId } = await open();
    for (const weight of [1, 0.8, 0.6]) await skilled(world, { cooking: weight }, { organizationId });
    await projectsFor(world, 70, "cooking", { organizationId });
    const [{ id: spoilt }] = (await world.query<{ id: string }>("select min(id) as id from projects")) as [
      { id: string },
    ];
    await world.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$`,
    );
    await world.query(
      `create trigger refuse before insert on volunteer_initiative_matches for each row when (new.project_id = ${spoilt}) execute function refuse()`,
    );
    await enqueueRunIn(world, calculateMatches, {});
    await world.drain();
    // The range of the first 64 projects is to be retried; the other one of 6 is stored.
    expect(await storedMatches(world)).toHaveLength(6 * 3);
    await world.query("drop trigger refuse on volunteer_initiative_matches");
    await world.skipBackOff();
    await world.drain();
    expect(await storedMatches(world)).toHaveLength(70 * 3);
    expect((await listRuns(world.db.drizzle, null, 1))[0]).toMatchObject({
      status: "done",
      counts: { added: 210 },
    });
  });
});

describe("defect 8: readers see an empty table during the run", () => {
  it("a reader finds the matches of before or after, never fewer, and is never blocked", async () => {
    const { world, organizationId } = await open();
    const people = [];
    for (let n = 0; n < 20; n++) people.push(await skilled(world, { cooking: 0.5 }, { organizationId }));
    await projectsFor(world, 70, "cooking", { organizationId });
    await run(world);
    const counted: number[] = [];
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const [row] = await world.query<{ n: number }>(
          "select count(*)::int as n from volunteer_initiative_matches",
        );
        counted.push(row!.n);
      }
    })();
    for (const weight of [0.9, 0.3]) {
      for (const person of people) await giveSkills(world, person, { cooking: weight });
      expect(await run(world)).toMatchObject({ changed: 1_400, added: 0, removed: 0 });
    }
    reading = false;
    await reader;
    expect(counted.length).toBeGreaterThan(3);
    expect(new Set(counted)).toEqual(new Set([1_400]));
  });
});

function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
