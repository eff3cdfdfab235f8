import { describe, expect, it } from "vitest";
import { recommendationsReport } from "../../src/cli/recommendations-report.ts";
import { listRuns } from "../../src/queues/runs.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { applicant, posting } from "../support/recommendations.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork run generate-recommendations", () => {
  it("prints how many users it processed, how many recommendations they got, and failures", async () => {
    const world = await createWorld();
    for (const title of ["Backend Developer", "Frontend Developer"])
      await posting(world, { title, description: "TypeScript and PostgreSQL." });
    await applicant(world, ["TypeScript", "PostgreSQL"]);
    const user = await applicant(world, ["PostgreSQL", "TypeScript"]);
    const { code, out } = await cli(environmentOf(world), "run", "generate-recommendations", "--inline");
    expect(code).toBe(0);
    expect(out).toMatch(/^Recommendations, started \d{4}-/m);
    expect(out).toContain("Users with a CV: 2\nOpen postings: 2\n");
    expect(out).toMatch(
      /^Completed \d{4}-.* after [\d.]+ s\nUsers processed: 2 of 2\nTotal recommendations: 4\nFailed: 0\n=+\n/m,
    );
    const one = await cli(
      environmentOf(world),
      "run",
      "generate-recommendations",
      "--inline",
      "--user-id",
      user,
    );
    expect(one.out).toContain(`Users with a CV: 1\nRecommendations of user ${user}: 2\n`);
    const [run] = await listRuns(world.db.drizzle, { job: "generate-recommendations" }, 1);
    const failed = { ...run!, counts: { users: 1, kept: 2, failed: 3, recommendations: 4, deleted: 1 } };
    expect(await recommendationsReport(world.db, failed)).toContain("Users processed: 3 of 6\n");
    expect(await recommendationsReport(world.db, failed)).toContain("Failed: 3\n");
  });

  it("prints none for a run that computed nothing", async () => {
    const world = await createWorld();
    const { out } = await cli(environmentOf(world), "run", "generate-recommendations", "--inline");
    expect(out).not.toContain("Users processed");
    expect(out).toContain("is skipped");
  });
});
