import { expect, test } from "vitest";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { organization } from "../support/factories.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { projectFor, skilled } from "../support/matching.ts";
import { createWorld } from "../support/world.ts";

test("commonwork matches lists both sides of a match, and says why a list is empty", async () => {
  const world = await createWorld();
  const organizationId = await organization(world);
  const cook = await skilled(world, { cooking: 0.5 }, { organizationId, name: "Ada" });
  const idle = await skilled(world, {}, { organizationId });
  const kitchen = await projectFor(world, ["cooking"], { organizationId, name: "Kitchen" });
  await world.query("update users set host_id = 'ada' where id = $1", [cook]);
  await enqueueRunIn(world, calculateMatches, {});
  await world.drain();
  const matches = (...words: string[]) => cli(environmentOf(world), "matches", ...words);
  const own = await matches("--user-id", "ada");
  expect(own).toMatchObject({ code: 0, out: expect.stringMatching(/Kitchen\s+75 %\s+1 of 1 required/) });
  const candidates = JSON.parse((await matches("--project-id", kitchen, "--json")).out);
  expect(candidates).toEqual({ matches: [expect.objectContaining({ id: "ada", name: "Ada", score: 0.75 })] });
  expect(await matches("--user-id", idle)).toMatchObject({ code: 0, out: "The user has no skills.\n" });
  expect(await matches("--project-id", kitchen, "--min-score", "0.8")).toMatchObject({
    out: "The best score is 0.75, below the minimum.\n",
  });
  const none = JSON.parse((await matches("--user-id", idle, "--json")).out);
  expect(none).toMatchObject({ matches: [], empty: { reason: "no-skills" } });
  for (const wrong of [[], ["--user-id", idle, "--project-id", kitchen], ["--user-id", "nobody"]])
    expect((await matches(...wrong)).code).toBe(1);
  expect((await matches("--user-id", idle, "--min-score", "2")).err).toContain("from 0 to 1");
});
