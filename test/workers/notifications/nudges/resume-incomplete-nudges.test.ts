import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideResumeNudge } from "../../../../src/scoring/notifications/resume-nudge.ts";
import { resumeIncompleteNudges } from "../../../../src/workers/notifications/nudges/resume-incomplete-nudges.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { organization } from "../../../support/factories.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { performRanged } from "../../../support/jobs.ts";
import { emitted, minutesAfter } from "../../../support/nudges.ts";
import { deleteAll, organizationMember, project, user } from "../../../support/platform.ts";
import { size } from "../../../support/sizes.ts";
import { createWorld, type World } from "../../../support/world.ts";

const MADE = "2026-03-01T12:00:00Z";
const days = (n: number) => minutesAfter(MADE, n * 1_440);

/**
 * A project created at MADE by its only owner; the borrower resume is complete and the project resume is
 * missing.
 */
async function scene() {
  const world = await createWorld({ at: days(1) });
  const organizationId = await organization(world);
  const owner = await user(world);
  await organizationMember(world, organizationId, owner, "owner");
  const projectId = await project(world, { organizationId, createdBy: owner });
  await world.query("update projects set created_at = $1", [MADE]);
  await write(world, projectId, "borrower", 100);
  return { world, organizationId, owner, projectId };
}

const write = (
  world: World,
  projectId: string,
  kind: string,
  completeness: number,
  editedAt: string | null = null,
) =>
  world.query(
    `insert into resumes (project_id, kind, completeness, edited_at) values ($1, $2, $3, $4)
     on conflict (project_id, kind) do update set completeness = excluded.completeness, edited_at = excluded.edited_at`,
    [projectId, kind, completeness, editedAt],
  );

const run = (world: World, at?: string) => {
  if (at) world.at(at);
  return performRanged(world, resumeIncompleteNudges, {});
};

async function everySixHours(world: World, from: number, until: number): Promise<void> {
  for (let day = from; day <= until; day += 0.25) await run(world, days(day));
}

/** The user, days after MADE, resume and step of each nudge. */
const nudged = async (world: World) =>
  (await emitted(world, "resume_incomplete_nudge")).map(({ payload, occurredAt }) => [
    payload["user_id"],
    (occurredAt.getTime() - Date.parse(MADE)) / 86_400_000,
    payload["resume_kind"],
    payload["step"],
  ]);

describe("resume-incomplete-nudges", () => {
  it("nudges in four steps after the creation of the project, and then no more", async () => {
    const { world, owner, projectId } = await scene();
    await everySixHours(world, 0, 12);
    expect(await nudged(world)).toEqual([
      [owner, 1, "project", 1],
      [owner, 3, "project", 2],
      [owner, 5, "project", 3],
      [owner, 7, "project", 4],
    ]);
    const [first] = await emitted(world, "resume_incomplete_nudge");
    expect(first).toMatchObject({ projectId, payload: { completeness: 0 } });
  });

  it("counts from the last edit, and starts over with each", async () => {
    const { world, owner, projectId } = await scene();
    await write(world, projectId, "project", 40, days(2));
    await everySixHours(world, 0, 5.25);
    await write(world, projectId, "project", 60, days(5.5));
    await everySixHours(world, 5.5, 7);
    expect(await nudged(world)).toEqual([
      [owner, 3, "project", 1],
      [owner, 5, "project", 2],
      [owner, 6.5, "project", 1],
    ]);
  });

  it("stops when the resume is complete, and when the project has ended", async () => {
    const { world, projectId } = await scene();
    await write(world, projectId, "project", 100, days(0.5));
    await everySixHours(world, 1, 9);
    await world.query("delete from resumes");
    for (const status of ["completed", "archived"]) {
      await world.query("update projects set project_status = $1", [status]);
      expect(await run(world, days(9))).toMatchObject({
        skipped: 1,
        reasons: { "no project is open": 1 },
      });
    }
    expect(await nudged(world)).toEqual([]);
  });

  it("nudges every owner of the organization and the creator of the project, each once, and no member", async () => {
    const { world, organizationId, owner } = await scene();
    const [second, maker, member] = [await user(world), await user(world), await user(world)];
    await organizationMember(world, organizationId, second, "owner");
    await organizationMember(world, organizationId, member);
    await organizationMember(world, organizationId, maker);
    await world.query("update projects set created_by = $1", [maker]);
    await run(world, days(1));
    expect((await nudged(world)).map(([userId]) => userId)).toEqual([owner, second, maker]);
  });

  it("sends only the newest step after an outage", async () => {
    const { world, owner } = await scene();
    await run(world, days(6));
    await run(world, days(6.25));
    expect(await nudged(world)).toEqual([[owner, 6, "project", 3]]);
  });

  it("nudges about both resumes of a project, each by its own last edit", async () => {
    const { world, owner, projectId } = await scene();
    await write(world, projectId, "borrower", 30, days(2));
    await run(world, days(3));
    expect(await nudged(world)).toEqual([
      [owner, 3, "borrower", 1],
      [owner, 3, "project", 2],
    ]);
  });

  it.each(["2026-03-07T20:00:00Z", "2026-10-31T20:00:00Z", "2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"])(
    "counts periods of 24 hours across the clock change after %s",
    async (made) => {
      const { world, owner } = await scene();
      await world.query("update projects set created_at = $1", [made]);
      for (const minutes of [1_439, 1_440, 4_319, 4_320]) await run(world, minutesAfter(made, minutes));
      const nudges = await emitted(world, "resume_incomplete_nudge");
      expect(nudges.map(({ payload, occurredAt }) => [payload["user_id"], occurredAt])).toEqual([
        [owner, new Date(minutesAfter(made, 1_440))],
        [owner, new Date(minutesAfter(made, 4_320))],
      ]);
    },
  );

  it("shows in a dry run who would be nudged, and who not and why", async () => {
    const { world, owner, projectId, organizationId } = await scene();
    await run(world, days(1));
    const second = await user(world);
    await organizationMember(world, organizationId, second, "owner");
    const preview = await world.dryRun(resumeIncompleteNudges, {
      projectId,
    });
    expect(preview.remarks).toEqual([
      { about: `project ${projectId}, project resume, user ${owner}`, decision: "already-nudged" },
      { about: `project ${projectId}, project resume, user ${second}`, decision: "nudged (step 1)" },
    ]);
    expect(preview).toMatchObject({ ranges: 1, counts: { nudged: 1, "already-nudged": 1 } });
    expect(await nudged(world)).toHaveLength(1);
  });

  it("sends the same number of statements for one project and for a range full of them", async () => {
    const { world, organizationId, owner } = await scene();
    const one = await countQueries(world, () => run(world, days(1)));
    await world.query(
      "insert into projects (organization_id, created_by, name, created_at) select $1, $2, 'Project', $3 from generate_series(1, 300)",
      [organizationId, owner, days(1)],
    );
    expect(await countQueries(world, () => run(world, days(2)))).toBe(one);
    expect(await nudged(world)).toHaveLength(1 + 600);
  });

  it("nudges the same users as the pure rule, on random projects", async () => {
    const { world, organizationId, owner } = await scene();
    const anyResume = fc.record({
      completeness: fc.constantFrom(0, 50, 99, 100),
      editedDaysAgo: fc.option(fc.integer({ min: 0, max: 9 })),
      madeDaysAgo: fc.integer({ min: 0, max: 12 }),
      lastStep: fc.integer({ min: 0, max: 4 }),
    });
    const now = new Date(days(20));
    const ago = (n: number) => minutesAfter(now.toISOString(), -n * 1_440);
    await fc.assert(
      fc.asyncProperty(fc.array(anyResume, { minLength: 1, maxLength: 20 }), async (drawn) => {
        await deleteAll(world, "projects", "resume_nudges", "domain_events", "outbox");
        const expected: unknown[] = [];
        for (const one of drawn) {
          const projectId = await project(world, { organizationId, createdBy: owner });
          await world.query("update projects set created_at = $1 where id = $2", [
            ago(one.madeDaysAgo),
            projectId,
          ]);
          await write(world, projectId, "borrower", 100);
          await write(
            world,
            projectId,
            "project",
            one.completeness,
            one.editedDaysAgo === null ? null : ago(one.editedDaysAgo),
          );
          const anchor = ago(one.editedDaysAgo ?? one.madeDaysAgo);
          await world.query(
            "insert into resume_nudges (user_id, kind, subject_id, anchor_at, step, nudged_at) select $1, 'project', $2, $3, n, $3 from generate_series(1, $4) n",
            [owner, projectId, anchor, one.lastStep],
          );
          const facts = {
            completeness: one.completeness,
            anchorAt: new Date(anchor),
            lastStep: one.lastStep,
          };
          const decision = decideResumeNudge(facts, now);
          if (decision.kind === "nudge") expected.push([projectId, decision.step]);
        }
        await run(world, now.toISOString());
        const nudges = await emitted(world, "resume_incomplete_nudge");
        expect(nudges.map(({ projectId, payload }) => [projectId, payload["step"]])).toEqual(expected);
      }),
      { numRuns: size(6, 100) },
    );
  });
});

describe("defects of the earlier system", () => {
  it("27: sent steps are known from their own log, independent of fan-out, and no notification is touched", async () => {
    const { world, owner, projectId } = await scene();
    await run(world, days(1));
    await run(world, days(1.25));
    expect(await nudged(world)).toHaveLength(1);
    await world.query(
      `insert into notifications (user_id, event_type, event_id, title, body, link)
       select $1, 'resume_incomplete_nudge', id, 'T', 'B', '/' from domain_events`,
      [owner],
    );
    await write(world, projectId, "project", 10, days(1.5));
    await everySixHours(world, 1.5, 3);
    expect(await nudged(world)).toHaveLength(2);
    expect(await world.query("select user_id from notifications")).toEqual([{ user_id: owner }]);
    await world.query("delete from notifications");
    await run(world, days(3.25));
    expect(await nudged(world)).toHaveLength(2);
  });
});

fiveCases(resumeIncompleteNudges, async () => {
  const { world, owner, projectId } = await scene();
  return {
    world,
    payload: { projectId },
    rowGone: async () => {
      await world.query("delete from projects");
      return { projectId };
    },
    effectIn: "domain_events",
    effectIsThereOnce: async () => expect(await nudged(world)).toEqual([[owner, 1, "project", 1]]),
    nothingHappened: async () => {
      expect(await nudged(world)).toEqual([]);
      expect(await world.query("select 1 from resume_nudges")).toEqual([]);
    },
  };
});
