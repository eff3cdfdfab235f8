import { expect, it } from "vitest";
import { pruneCandidateNotifications } from "../../../../src/workers/notifications/matching/prune-candidate-notifications.ts";
import { organization } from "../../../support/factories.ts";
import { projectFor, skilled } from "../../../support/matching.ts";
import { createWorld } from "../../../support/world.ts";

it("deletes notices whose slot is older than the given days, and runs without notices", async () => {
  const world = await createWorld({ at: "2026-06-07T04:30:00Z" });
  const organizationId = await organization(world);
  const person = await skilled(world, { cooking: 1 }, { organizationId });
  const project = await projectFor(world, ["cooking"], { organizationId });
  for (const slot of ["2026-03-08T09:00:00Z", "2026-03-09T09:00:00Z", "2026-06-06T09:00:00Z"]) {
    await world.query(
      `with batch as (insert into candidate_batches (slot, places, minimum_score, report) values ($1, 10, 0.6, '[]') returning id)
       insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, slot)
       select $2, $3, 0.9, batch.id, $1 from batch`,
      [slot, project, person],
    );
  }
  expect(await world.perform(pruneCandidateNotifications, { days: 90 })).toMatchObject({
    counts: { notices: 1, runs: 1 },
  });
  expect(await world.query("select 1 from candidate_notifications")).toHaveLength(2);
  expect(await world.perform(pruneCandidateNotifications, { days: 30 })).toMatchObject({
    counts: { notices: 1, runs: 1 },
  });
  expect(await world.enqueued()).toEqual([]);
});

it("deletes candidates that an old failed run left behind", async () => {
  const world = await createWorld({ at: "2026-06-07T04:30:00Z" });
  for (const createdAt of ["2026-03-01T09:00:00Z", "2026-06-06T09:00:00Z"]) {
    await world.query(
      `with run as (
         insert into job_runs (job, trigger, input, status, created_at) values ('notify-project-matches', 'manual', '{}', 'failed', $1)
         returning id)
       insert into notice_candidates (run_id, project_id, pairs) select run.id, 1, '' from run`,
      [createdAt],
    );
  }
  await world.perform(pruneCandidateNotifications, { days: 90 });
  expect(await world.query("select 1 from notice_candidates")).toHaveLength(1);
});
