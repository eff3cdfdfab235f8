import { describe, expect, it } from "vitest";
import { listRuns, type Run } from "../../../../src/queues/runs.ts";
import { calculateMatches } from "../../../../src/workers/matching/calculate-matches.ts";
import { notifyProjectMatches } from "../../../../src/workers/notifications/matching/notify-project-matches.ts";
import { organization, volunteer } from "../../../support/factories.ts";
import { enqueueRunIn } from "../../../support/jobs.ts";
import { giveSkills, projectFor, skilled } from "../../../support/matching.ts";
import { createWorld, type World } from "../../../support/world.ts";

const MONDAY = "2026-03-02T09:00:00Z";

const open = async (environment: Record<string, string> = {}) => {
  const world = await createWorld({ environment, at: MONDAY });
  return { world, organizationId: await organization(world) };
};

const latest = async (world: World): Promise<Run> =>
  (await listRuns(world.db.drizzle, { job: notifyProjectMatches.name }, 1))[0]!;

/** The cut, a range that gathers, the sum that chooses, a range that notifies, the final sum. */
const PARTS = ["", "/range", "/sum", "/range", "/sum"];

/** Runs the job as of an instant. @returns the run. */
async function notify(world: World, at: string): Promise<Run> {
  world.at(at);
  await enqueueRunIn(world, notifyProjectMatches, {});
  await drainMatching(world);
  return latest(world);
}

/** Runs the jobs of matching, without those that follow from events. */
async function drainMatching(world: World): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const entries = (await world.enqueued()).filter(({ job, dead }) => !dead && /matches(\/|$)/.test(job));
    if (entries.length === 0) return;
    for (const entry of entries) await world.run({ name: entry.job }, [entry.id]);
  }
}

type EmittedEvent = { type: string; actor: string; project: string; payload: Record<string, unknown> };
const emitted = (world: World) =>
  world.query<EmittedEvent>(
    "select event_type as type, actor_id as actor, project_id as project, payload from domain_events order by id",
  );
const notified = async (world: World) =>
  (await emitted(world))
    .filter(({ type }) => type === "candidate.matched")
    .map(({ project, payload }) => `${payload["user_id"]} of ${project}`);

describe("notify-project-matches", () => {
  it("updates the lists, notifies the best candidates with percent and skills, and the lead with the candidates", async () => {
    const { world, organizationId } = await open({ TOP_K_CANDIDATES: "2" });
    const lead = await volunteer(world, { organizationId });
    const best = await skilled(world, { cooking: 1, driving: 0.72 }, { organizationId, name: "Ada" });
    const next = await skilled(world, { cooking: 0.9, driving: 0.5 }, { organizationId, name: "Ben" });
    await skilled(world, { cooking: 0.8, driving: 0.5 }, { organizationId });
    await skilled(world, { cooking: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking", "driving"], { organizationId, lead: lead.userId });
    const { counts, status } = await notify(world, MONDAY);
    expect(status).toBe("done");
    expect(counts).toMatchObject({ projects: 1, candidates: 2, leads: 1, matches: 4, added: 4 });
    expect(await emitted(world)).toMatchObject([
      {
        type: "candidate.matched",
        actor: "0",
        project,
        payload: { user_id: best, score: 93, skills: ["cooking", "driving"] },
      },
      { type: "candidate.matched", project, payload: { user_id: next, score: 85 } },
      {
        type: "lead.candidates_found",
        project,
        payload: {
          count: 2,
          candidates: [
            { user_id: best, name: "Ada", score: 93 },
            { user_id: next, name: "Ben", score: 85 },
          ],
        },
      },
    ]);
  });

  it("ignores closed projects, projects without auto_notify, and candidates below the minimum score", async () => {
    const { world, organizationId } = await open({ MIN_MATCH_SCORE: "0.8" });
    await skilled(world, { cooking: 0.5 }, { organizationId });
    const fits = await skilled(world, { cooking: 0.6 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId, autoNotify: false });
    await projectFor(world, ["cooking"], { organizationId, status: "completed" });
    const project = await projectFor(world, ["cooking"], { organizationId, status: "active" });
    expect((await notify(world, MONDAY)).counts).toMatchObject({ projects: 1, candidates: 1 });
    expect(await notified(world)).toEqual([`${fits} of ${project}`]);
  });

  it("chooses greedily over all projects, and gives an opening that becomes free to the next best", async () => {
    const { world, organizationId } = await open({ TOP_K_CANDIDATES: "1" });
    const strong = await skilled(world, { cooking: 1, law: 0.9 }, { organizationId });
    const weak = await skilled(world, { cooking: 0.4 }, { organizationId });
    const kitchen = await projectFor(world, ["cooking"], { organizationId });
    const court = await projectFor(world, ["law"], { organizationId });
    await notify(world, MONDAY);
    expect(await notified(world)).toEqual([`${strong} of ${kitchen}`]);
    await world.query("insert into project_applications (project_id, user_id) values ($1, $2)", [
      kitchen,
      strong,
    ]);
    // A day later they have applied: the opening is free, and they are notified about the other project.
    const { counts } = await notify(world, "2026-03-03T09:00:00Z");
    expect(counts).toMatchObject({ candidates: 2, "skipped-applied": 1 });
    expect((await notified(world)).slice(1)).toEqual([`${weak} of ${kitchen}`, `${strong} of ${court}`]);
  });

  it("waits for an active full run, and does not repeat the calculation of its slot", async () => {
    const { world, organizationId } = await open();
    const fits = await skilled(world, { cooking: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId });
    await enqueueRunIn(world, calculateMatches, {});
    const [cut] = await world.enqueued(calculateMatches);
    await world.run(calculateMatches, [cut!.id]);
    await enqueueRunIn(world, notifyProjectMatches, {});
    const [entry] = await world.enqueued(notifyProjectMatches);
    expect(await world.run(notifyProjectMatches, [entry!.id])).toMatchObject({ snoozed: 1 });
    await drainMatching(world);
    expect(await latest(world)).toMatchObject({ status: "done", total: 2, counts: { candidates: 1 } });
    expect(await notified(world)).toEqual([`${fits} of ${project}`]);
  });

  it("is sent by the user that SYSTEM_USER_ID names, by either id, and cancelled when there is none", async () => {
    for (const [id, status] of [
      ["77", "done"],
      ["7C9E6679-7425-40DE-944B-E07FC1F90AE7", "done"],
      ["78", "cancelled"],
    ] as const) {
      const { world, organizationId } = await open({ SYSTEM_USER_ID: id });
      await world.query(
        "insert into users (id, public_id) values (77, '7c9e6679-7425-40de-944b-e07fc1f90ae7')",
      );
      await skilled(world, { cooking: 1 }, { organizationId });
      await projectFor(world, ["cooking"], { organizationId });
      expect((await notify(world, MONDAY)).status).toBe(status);
      expect(new Set((await emitted(world)).map(({ actor }) => actor))).toEqual(
        new Set(status === "done" ? ["77"] : []),
      );
    }
  });
});

describe("notify-project-matches, the five cases", () => {
  const scene = async () => {
    const { world, organizationId } = await open();
    const fits = await skilled(world, { cooking: 1 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId });
    return { world, fits, project };
  };
  const once = async (world: World) => {
    expect(await notified(world)).toHaveLength(1);
    expect(await world.query("select 1 from candidate_notifications")).toHaveLength(1);
  };

  it("does it", async () => {
    const { world } = await scene();
    expect((await notify(world, MONDAY)).counts).toMatchObject({ candidates: 1 });
    await once(world);
  });

  it("twice is once", async () => {
    const { world } = await scene();
    await notify(world, MONDAY);
    expect((await notify(world, MONDAY)).counts).toMatchObject({
      candidates: 0,
      "skipped-notified-before": 1,
    });
    await once(world);
  });

  it("does nothing when its row is gone", async () => {
    const { world, project } = await scene();
    await enqueueRunIn(world, notifyProjectMatches, {});
    const [cut] = await world.enqueued(notifyProjectMatches);
    await world.run(notifyProjectMatches, [cut!.id]);
    await world.query("delete from projects where id = $1", [project]);
    await drainMatching(world);
    expect(await latest(world)).toMatchObject({ status: "done", counts: { projects: 0, candidates: 0 } });
    expect(await emitted(world)).toEqual([]);
  });

  it("two at once do it once", async () => {
    const { world } = await scene();
    await enqueueRunIn(world, notifyProjectMatches, {});
    for (const part of PARTS) {
      const [entry] = await world.enqueued({ name: `${notifyProjectMatches.name}${part}` });
      // A turn that a duplicate has taken ends after 5 s only: a third and a fourth would wait for it.
      const tallies = await Promise.all([1, 2].map(() => world.run({ name: entry!.job }, [entry!.id])));
      expect(tallies.reduce((sum, { done }) => sum + done, 0)).toBe(1);
      expect(tallies.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(1);
    }
    await once(world);
  });

  it("killed half-way leaves nothing behind, and is done later", async () => {
    const { world } = await scene();
    await enqueueRunIn(world, notifyProjectMatches, {});
    await world.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'away'; end $$`,
    );
    // The last write fails, so everything before it is rolled back.
    await world.query(
      "create trigger refuse before insert on domain_events for each row when (new.event_type = 'lead.candidates_found') execute function refuse()",
    );
    for (const part of PARTS.slice(0, 4)) {
      const [entry] = await world.enqueued({ name: `${notifyProjectMatches.name}${part}` });
      await world.run({ name: entry!.job }, [entry!.id]);
    }
    expect(await emitted(world)).toEqual([]);
    expect(await world.query("select 1 from candidate_notifications")).toEqual([]);
    await world.query("drop trigger refuse on domain_events");
    await world.skipBackOff();
    await drainMatching(world);
    await once(world);
  });
});

describe("notify-project-matches, between choosing and notifying", () => {
  /** Runs it up to the ranges that notify. */
  const chosen = async (environment: Record<string, string> = {}) => {
    const { world, organizationId } = await open(environment);
    const first = await skilled(world, { cooking: 1 }, { organizationId });
    const second = await skilled(world, { cooking: 0.9 }, { organizationId });
    const project = await projectFor(world, ["cooking"], { organizationId });
    await enqueueRunIn(world, notifyProjectMatches, {});
    for (const part of PARTS.slice(0, 3)) {
      const [entry] = await world.enqueued({ name: `${notifyProjectMatches.name}${part}` });
      await world.run({ name: entry!.job }, [entry!.id]);
    }
    return { world, first, second, project };
  };

  it("has stored its choice, notified nobody, and dropped the gathered candidates", async () => {
    const { world } = await chosen();
    expect(await emitted(world)).toEqual([]);
    expect(await world.query("select 1 from candidate_batches")).toHaveLength(1);
    expect(await world.query("select 1 from notice_candidates")).toEqual([]);
    expect(await latest(world)).toMatchObject({
      status: "running",
      total: 2,
      pending: 1,
      counts: { projects: 1, candidates: 0, matches: 2 },
    });
  });

  it("skips a candidate who has applied since", async () => {
    const { world, first, second, project } = await chosen();
    await world.query("insert into project_applications (project_id, user_id) values ($1, $2)", [
      project,
      first,
    ]);
    await drainMatching(world);
    expect(await notified(world)).toEqual([`${second} of ${project}`]);
    expect((await emitted(world)).filter(({ type }) => type === "lead.candidates_found")).toMatchObject([
      { payload: { count: 1, candidates: [{ user_id: second }] } },
    ]);
    expect((await latest(world)).counts).toMatchObject({ candidates: 1, leads: 1, "skipped-applied": 1 });
  });

  it("skips projects that have closed or are deleted, and deleted volunteers", async () => {
    for (const change of [
      "update projects set project_status = 'completed'",
      "delete from projects",
      "delete from volunteers",
    ]) {
      const { world } = await chosen();
      await world.query(change);
      await drainMatching(world);
      expect(await emitted(world)).toEqual([]);
      expect(await latest(world)).toMatchObject({ status: "done", counts: { candidates: 0, leads: 0 } });
    }
  });
});

describe("defect 1: same person notified every day", () => {
  it("a candidate is notified again about a project after 30 days, or when the score has risen by 0.1", async () => {
    const { world, organizationId } = await open();
    const fits = await skilled(world, { cooking: 0.5 }, { organizationId });
    await projectFor(world, ["cooking"], { organizationId });
    const candidates = async (at: string) => (await notify(world, at)).counts["candidates"];
    expect(await candidates(MONDAY)).toBe(1);
    expect(await candidates("2026-03-03T09:00:00Z")).toBe(0);
    await giveSkills(world, fits, { cooking: 0.69 });
    expect(await candidates("2026-03-04T09:00:00Z")).toBe(0);
    // 0.75 became 0.85: a rise of exactly 0.1.
    await giveSkills(world, fits, { cooking: 0.7 });
    expect(await candidates("2026-03-05T09:00:00Z")).toBe(1);
    expect(await candidates("2026-04-04T08:59:59Z")).toBe(0);
    expect(await candidates("2026-04-04T09:00:00Z")).toBe(1);
  });

  it("and about at most one project in 24 hours, measured from slot to slot", async () => {
    const { world, organizationId } = await open();
    await skilled(world, { cooking: 1, law: 1 }, { organizationId });
    for (const skill of ["cooking", "law", "cooking"]) await projectFor(world, [skill], { organizationId });
    const candidates = async (at: string) => (await notify(world, at)).counts["candidates"];
    expect(await candidates(MONDAY)).toBe(1);
    expect(await candidates("2026-03-02T18:00:00Z")).toBe(0);
    expect(await candidates("2026-03-03T09:00:00Z")).toBe(1);
    expect(await candidates("2026-03-04T09:00:00Z")).toBe(1);
    expect(await candidates("2026-03-05T09:00:00Z")).toBe(0);
  });
});

describe("defect 2: notice goes to the shared board instead of the person", () => {
  it("writes no message: each candidate gets an event of their own, and only the lead gets the list", async () => {
    const { world, organizationId } = await open();
    const [a, b] = [
      await skilled(world, { cooking: 1 }, { organizationId }),
      await skilled(world, { cooking: 0.9 }, { organizationId }),
    ];
    const project = await projectFor(world, ["cooking"], { organizationId });
    await world.query("insert into chat_threads (project_id, topic) values ($1, 'board')", [project]);
    await notify(world, MONDAY);
    expect(await world.query("select 1 from messages")).toEqual([]);
    const events = await emitted(world);
    expect(
      events.filter(({ type }) => type === "candidate.matched").map(({ payload }) => payload["user_id"]),
    ).toEqual([a, b]);
    expect(events.filter(({ type }) => type === "lead.candidates_found")).toHaveLength(1);
  });
});

describe("defect 4: members and applicants are notified", () => {
  it("skips the team, its lead and creator, applicants, rejected and hidden volunteers, and counts the reasons", async () => {
    const { world, organizationId } = await open();
    const person = () => skilled(world, { cooking: 1 }, { organizationId });
    const [lead, creator, member, teammate, applicant, rejected, removed, left, hidden, free] =
      await Promise.all(Array.from({ length: 10 }, person));
    const project = await projectFor(world, ["cooking"], {
      organizationId,
      lead: lead!,
      createdBy: creator!,
    });
    await world.query("insert into project_members (project_id, user_id) values ($1, $2)", [project, member]);
    for (const [user, status] of [
      [teammate, "active"],
      [left, "left"],
      [removed, "removed"],
    ])
      await world.query(
        "insert into project_team_members (project_id, user_id, status) values ($1, $2, $3)",
        [project, user, status],
      );
    for (const [user, status] of [
      [applicant, "pending"],
      [rejected, "rejected"],
    ])
      await world.query(
        "insert into project_applications (project_id, user_id, status) values ($1, $2, $3)",
        [project, user, status],
      );
    await enqueueRunIn(world, calculateMatches, {});
    await drainMatching(world);
    // Hidden after the lists were computed, before their event is processed.
    await world.query("update volunteers set skills_visible = false where user_id = $1", [hidden]);
    const { counts } = await notify(world, MONDAY);
    expect((await notified(world)).sort()).toEqual([`${free} of ${project}`, `${left} of ${project}`].sort());
    expect(counts).toMatchObject({
      candidates: 2,
      "skipped-on-the-team": 4,
      "skipped-applied": 1,
      "skipped-rejected": 2,
      "skipped-hidden": 1,
    });
  });
});
