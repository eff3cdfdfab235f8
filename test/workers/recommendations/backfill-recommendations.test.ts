import { expect, it } from "vitest";
import { backfillRecommendations } from "../../../src/workers/recommendations/backfill-recommendations.ts";
import { generateRecommendations } from "../../../src/workers/recommendations/generate-recommendations.ts";
import { enqueueRunIn, performRun } from "../../support/jobs.ts";
import { applicant, posting, recommended } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const backfill = (world: World) => performRun(world, backfillRecommendations, {});

it("serves users with a CV and no list, and skips when there are none", async () => {
  const world = await createWorld();
  await posting(world, { title: "Python Developer", description: "Python, SQL, Docker, Redis" });
  const skills = ["python", "sql", "docker", "redis"];
  const first = await applicant(world, skills);
  await enqueueRunIn(world, generateRecommendations, {});
  await world.drain();
  expect(await backfill(world)).toMatchObject({ status: "skipped" });
  const [second, without] = [await applicant(world, skills), await applicant(world, ["welding"])];
  expect(await backfill(world)).toMatchObject({ status: "done", counts: { users: 2, recommendations: 1 } });
  for (const userId of [first, second]) expect(await recommended(world, userId)).toHaveLength(1);
  expect(await recommended(world, without)).toEqual([]);
  // Nothing fits the third: an empty list is a list, and is not computed every hour.
  expect(await backfill(world)).toMatchObject({ status: "skipped" });
});

it("waits for the first full run", async () => {
  const world = await createWorld();
  await applicant(world, ["python"]);
  expect(await backfill(world)).toMatchObject({ status: "skipped" });
});
