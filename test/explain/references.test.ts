import { expect, it } from "vitest";
import { explain } from "../../src/explain/index.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { projectFor, skilled } from "../support/matching.ts";
import { rewardsScene } from "../support/rewards-scene.ts";

it("an explanation names rows by the host's ids, and by ours where the host has none", async () => {
  const { world, people, periodId } = await rewardsScene();
  const on = world.db.drizzle;
  const [organization] = await world.query<{ id: string }>("select id from organizations");
  const volunteer = await skilled(world, { cooking: 1 }, { organizationId: organization!.id });
  const project = await projectFor(world, ["cooking"], { organizationId: organization!.id });
  await enqueueRunIn(world, calculateMatches, {});
  await world.drain();
  const { profileId } = people[0]!;
  const titles = async (profile: string, match: string) => [
    (await explain(on, "award", `${periodId}:${profile}`))?.title,
    (await explain(on, "multiplier", profile))?.title,
    (await explain(on, "match", match))?.title,
  ];
  expect(await titles(profileId, `${project}:${volunteer}`)).toEqual([
    `daily budget from 2026-03-08, profile ${profileId}`,
    expect.stringMatching(new RegExp(`^Multiplier of profile ${profileId}, computed`)),
    `Volunteer ${volunteer} for project ${project}, Community Garden (recruiting)`,
  ]);
  await world.query("update volunteer_profiles set host_id = 'profile-' || id");
  await world.query("update users set host_id = 'user-' || id");
  await world.query("update projects set host_id = 'project-' || id");
  const profile = `profile-${profileId}`;
  expect(await titles(profile, `project-${project}:user-${volunteer}`)).toEqual([
    `daily budget from 2026-03-08, profile ${profile}`,
    expect.stringMatching(new RegExp(`^Multiplier of profile ${profile}, computed`)),
    `Volunteer user-${volunteer} for project project-${project}, Community Garden (recruiting)`,
  ]);
  await world.query("alter table budget_awards disable trigger all");
  await world.query("update budget_awards set score_hundredths = 1 where profile_id = $1", [profileId]);
  const { faults } = (await explain(on, "award", periodId))!;
  expect(faults[0]).toContain(`score of ${profile}: `);
});
