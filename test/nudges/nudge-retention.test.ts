import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pruneNotifications } from "../../src/workers/notifications/fan-out/prune-notifications.ts";
import { resumeIncompleteNudges } from "../../src/workers/notifications/nudges/resume-incomplete-nudges.ts";
import { organization } from "../support/factories.ts";
import { performRanged } from "../support/jobs.ts";
import { minutesAfter, pruneLog } from "../support/nudges.ts";
import { deleteAll, message, organizationMember, project, thread, user, users } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

const RUNS = size(12, 200);

const NOW = "2026-06-02T06:00:00Z";
const daysAgo = (days: number) => minutesAfter(NOW, -days * 1_440);

/** What the job leaves, with NOTIFICATION_DAYS days of retention. */
async function left<Row extends Record<string, unknown>>(world: World, query: string): Promise<Row[]> {
  await performRanged(world, pruneNotifications, {});
  return world.query<Row>(query);
}

describe("retention of nudge logs", () => {
  it("a reminder is kept by the start it was for, not by when it was sent", async () => {
    const world = await createWorld({ at: NOW });
    // The third was sent for a meeting that was moved far ahead and may be moved back.
    await world.query(
      `insert into meeting_reminders (meeting_id, user_id, start_time, offset_minutes, told, decided_at)
       values (1, 1, $1, 30, true, $1), (2, 1, $2, 30, true, $2), (3, 1, $3, 30, true, $1)`,
      [daysAgo(181), daysAgo(179), daysAgo(-400)],
    );
    const rest = "select meeting_id as id from meeting_reminders order by 1";
    expect(await left(world, rest)).toEqual([{ id: "2" }, { id: "3" }]);
  });

  it("a nudge about a message is kept as long as the message, read or not, and its reader", async () => {
    const world = await createWorld({ at: NOW });
    const [reader, leaver, writer] = (await users(world, 3)) as [string, string, string];
    const threadId = await thread(world, { participants: [reader, writer] });
    const say = (days: number) => message(world, { threadId, senderId: writer, createdAt: daysAgo(days) });
    const [unread, read, gone] = [await say(300), await say(302), await say(302)];
    await world.query("update chat_thread_participants set last_read_at = $1", [daysAgo(301)]);
    for (const [userId, id, days] of [
      [reader, unread, 299],
      [reader, read, 299],
      [reader, gone, 299],
      [reader, gone, 100],
      // A deleted user, not one who left the thread.
      ["999999", read, 299],
      [leaver, read, 299],
    ] as const)
      await world.query(
        `insert into unread_nudges (user_id, thread_id, oldest_unread_id, step, nudged_at)
         select $1, $2, $3, 1 + count(*), $4 from unread_nudges where user_id = $1 and oldest_unread_id = $3`,
        [userId, threadId, id, daysAgo(days)],
      );
    await world.query("delete from messages where id = $1", [gone]);
    const rest =
      'select user_id as "userId", oldest_unread_id as id, step from unread_nudges order by 1, 2, 3';
    expect(await left(world, rest)).toEqual([
      { userId: reader, id: unread, step: 1 },
      { userId: reader, id: read, step: 1 },
      { userId: reader, id: gone, step: 2 },
      { userId: leaver, id: read, step: 1 },
    ]);
  });

  it("the greatest step of a resume is kept, for the last edit and for the time without one", async () => {
    const world = await createWorld({ at: NOW });
    const owner = await user(world);
    const projectId = await project(world, { organizationId: await organization(world), createdBy: owner });
    const [made, edited] = [daysAgo(400), daysAgo(300)];
    await world.query("update projects set created_at = $1, project_status = 'completed'", [made]);
    await world.query("insert into resumes (project_id, kind, edited_at) values ($1, 'project', $2)", [
      projectId,
      edited,
    ]);
    await world.query(
      `insert into resume_nudges (user_id, kind, subject_id, anchor_at, step, nudged_at)
       select u.id, 'project', p.id, a.at::timestamptz, step, $5
       from (values ($1::bigint), (999999)) u(id), (values ($2::bigint), (999999)) p(id), unnest($3::text[]) a(at), unnest($4::int[]) step`,
      [owner, projectId, [made, daysAgo(350), edited], [1, 2, 4], daysAgo(200)],
    );
    const rest =
      'select user_id as "userId", subject_id as id, anchor_at as anchor, step from resume_nudges order by anchor_at';
    expect(await left(world, rest)).toEqual([
      { userId: owner, id: projectId, anchor: new Date(made), step: 4 },
      { userId: owner, id: projectId, anchor: new Date(edited), step: 4 },
    ]);
  });

  it("no step of a resume is sent twice because of it, whatever happens to resumes, projects and owners", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    const owner = await user(world);
    const acts = {
      edit: (at: string) =>
        world.query(
          `insert into resumes (project_id, kind, completeness, edited_at) select id, 'project', 50, $1 from projects
           on conflict (project_id, kind) do update set edited_at = excluded.edited_at`,
          [at],
        ),
      complete: () => world.query("update resumes set completeness = 100"),
      spoil: () => world.query("update resumes set completeness = 50"),
      remove: () => world.query("delete from resumes"),
      close: () => world.query("update projects set project_status = 'completed'"),
      reopen: () => world.query("update projects set project_status = 'active'"),
      leave: () => world.query("delete from organization_members"),
      return: () => acts.leave().then(() => organizationMember(world, organizationId, owner, "owner")),
    };
    const anyDay = fc.record({
      days: fc.constantFrom(0.5, 1, 2, 3),
      act: fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[]), null),
    });
    let forgotten = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyDay, { minLength: 5, maxLength: 20 }), async (days) => {
        await deleteAll(world, "projects", "resume_nudges", "domain_events", "outbox", "job_runs");
        await world.query("drop table if exists given; create unlogged table given (like resume_nudges)");
        await project(world, { organizationId, createdBy: await user(world) });
        await world.query("update projects set created_at = $1", [NOW]);
        let now = NOW;
        for (const { days: passed, act } of days) {
          now = minutesAfter(now, passed * 1_440);
          if (act !== null) await acts[act](now);
          world.at(now);
          await performRanged(world, resumeIncompleteNudges, {});
          const again = await world.query(
            `select n.* from resume_nudges n join given g using (user_id, kind, subject_id, anchor_at)
             where n.nudged_at > g.nudged_at and n.step <= g.step`,
          );
          expect(again).toEqual([]);
          await world.query("insert into given select * from resume_nudges where nudged_at = $1", [now]);
          forgotten += (await pruneLog(world, "resume_nudges")).rowCount ?? 0;
        }
      }),
      { numRuns: RUNS },
    );
    expect(forgotten).toBeGreaterThan(RUNS / 4);
  });
});
