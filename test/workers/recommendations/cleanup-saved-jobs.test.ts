import { expect, it } from "vitest";
import {
  cleanupSavedJobs,
  DELETED_PER_RUN,
} from "../../../src/workers/recommendations/cleanup-saved-jobs.ts";
import { applicant, posting } from "../../support/recommendations.ts";
import { createWorld } from "../../support/world.ts";

it("deletes postings saved ten days ago, and keeps those applied for", async () => {
  const world = await createWorld({ at: "2026-06-12T00:00:01Z" });
  const ada = await applicant(world, []);
  const save = async (status: string, savedAt: string) =>
    world.query("insert into job_applications (user_id, job_id, status, saved_at) values ($1, $2, $3, $4)", [
      ada,
      await posting(world, { title: "Nurse" }),
      status,
      savedAt,
    ]);
  await save("saved", "2026-06-02T00:00:00Z");
  await save("saved", "2026-06-02T00:00:02Z");
  await save("applied", "2026-01-01T00:00:00Z");
  await world.perform(cleanupSavedJobs, {});
  expect(await world.query("select status, saved_at from job_applications order by saved_at")).toEqual([
    { status: "applied", saved_at: new Date("2026-01-01T00:00:00Z") },
    { status: "saved", saved_at: new Date("2026-06-02T00:00:02Z") },
  ]);
});

it("deletes any number, in one bounded transaction after the other", async () => {
  const world = await createWorld({ at: "2026-06-12T00:00:01Z" });
  const job = await posting(world, { title: "Nurse" });
  for (const _part of [1, 2, 3, 4, 5, 6, 7, 8])
    await world.query(
      `with saved as (insert into users (name) select 'U' from generate_series(1, $2) returning id)
       insert into job_applications (user_id, job_id, status, saved_at) select id, $1, 'saved', '2026-06-01T00:00:00Z' from saved`,
      [job, DELETED_PER_RUN / 8 + 1],
    );
  expect(await world.perform(cleanupSavedJobs, {})).toMatchObject({ counts: { deleted: DELETED_PER_RUN } });
  await world.drain();
  expect(await world.query("select 1 from job_applications")).toEqual([]);
});
