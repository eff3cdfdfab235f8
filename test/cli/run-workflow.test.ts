import { describe, expect, it } from "vitest";
import { progressOf } from "../../src/cli/workflow-progress.ts";
import { runWorkflow } from "../../src/workers/maintenance/run-workflow.ts";
import { stepsOf } from "../../src/workers/maintenance/workflows.ts";
import { cli, cliUntil, environmentOf } from "../support/cli.ts";
import { profileOf, TODAY } from "../support/search-people.ts";
import { createWorld } from "../support/world.ts";

const stepNames = (...[name, options]: [Parameters<typeof stepsOf>[0], Parameters<typeof stepsOf>[1]]) =>
  stepsOf(name, options).map(({ job }) => job.name);

describe("commonwork run", () => {
  it("alone lists the jobs and the workflows, as `commonwork jobs` does", async () => {
    const listed = await cli({}, "run");
    expect(listed).toEqual(await cli({}, "jobs"));
    expect(listed.out).toMatch(/^profile-search-index\s+matching/m);
    expect(listed.out).toMatch(/^onboarding\s+compute everything about a new user/m);
  });

  it.each([
    [["run", "profile-search-idx"], "profile-search-index"],
    [["run", "onbording", "--user-id", "8"], "onboarding"],
    [["run", "profile-search-index", "--userBatchSise=100"], "--user-batch-size"],
    [["run", "all", "--fulll"], "--full"],
  ])("%j names the nearest", async (argv, nearest) => {
    const answer = await cli({}, ...argv);
    expect(answer.code).toBe(1);
    expect(answer.err).toContain(`Did you mean ${nearest}?`);
  });

  it.each<string[]>([
    ["profile-search-index", "--userId=8"],
    ["profile-search-index", "--user-id", "8"],
    ["profile-search-index", "--userBatchSize=100", "--pauseMs=50"],
    ["searchable-user"],
  ])("%s %s is run as in the guide", async (...argv) => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    await world.query("update users set host_id = '8' where id > 0");
    const answer = await cli(environmentOf(world), "run", ...argv, "--inline", "--json");
    expect(answer).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(answer.out)).toMatchObject({ status: "done", counts: { searchable: 1 } });
  });
});

describe("commonwork run <workflow>", () => {
  it("runs all steps inline, shows them one after the other, and ends with a table", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world, { bio: "", avatar_media_id: null });
    const answer = await cli(environmentOf(world), "run", "all", "--inline");
    expect(answer).toMatchObject({ code: 0, err: "" });
    const steps = stepNames("all", {});
    for (const [index, job] of steps.entries()) {
      expect(answer.out).toContain(`step ${index + 1} of ${steps.length}: ${job}\n`);
      expect(answer.out).toMatch(new RegExp(`^${job} +\\d+  done +\\d+\\.\\d s`, "m"));
    }
    expect(answer.out).toContain("no photo 1");
    const [run] = await world.query<{ id: string }>("select id from job_runs where job = 'run-workflow'");
    expect((await cli(environmentOf(world), "runs", run!.id)).out).toMatch(/^searchable-user +\d+ {2}done /m);
    expect(answer.out).toMatch(/run \d+ of all is done after .* s\n$/);
  });

  it("follows workers, for one user", async () => {
    const world = await createWorld({ at: TODAY });
    const userId = await profileOf(world);
    await world.startWorkers();
    const answer = await cli(environmentOf(world), "run", "onboarding", `--userId=${userId}`, "--json");
    expect(answer).toMatchObject({ code: 0, err: "" });
    const steps = stepNames("onboarding", { userId });
    expect(JSON.parse(answer.out)).toMatchObject({
      status: "done",
      steps: steps.map((job) => ({ job, status: "done", input: { userId } })),
    });
  });

  it("continues a run that was interrupted, with the step at which it was", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    const environment = environmentOf(world);
    const interrupted = await cliUntil("No worker serves", environment, "run", "all");
    expect(interrupted.code).toBe(130);
    const [run] = await world.query<{ id: string }>("select id from job_runs where job = 'run-workflow'");
    expect(interrupted.err).toContain(`Workers continue run ${run!.id}`);
    const again = await cli(environment, "run", "all", "--inline");
    expect(again.code).toBe(0);
    expect(again.out).toContain(`continuing run ${run!.id} of all\n`);
    expect(await world.query("select id, status from job_runs where job = 'run-workflow'")).toEqual([
      { id: run!.id, status: "done" },
    ]);
    // One that has ended is not continued.
    const anew = await cli(environment, "run", "all", "--detach");
    expect(anew.out).toMatch(/^run \d+ of all is queued\n$/);
  });

  it("algorithm-update computes all match scores again, whatever their age", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    const environment = environmentOf(world);
    const update = async () => {
      const answer = await cli(environment, "run", "algorithm-update", "--inline", "--json");
      expect(answer).toMatchObject({ code: 0, err: "" });
      return JSON.parse(answer.out).steps[0];
    };
    expect(await update()).toMatchObject({ job: "match-scores", counts: { viewers: 1 } });
    expect(await update()).toMatchObject({ job: "match-scores", counts: { viewers: 1 } });
  });

  it("exits with 1 if a step failed", async () => {
    const world = await createWorld({ at: TODAY });
    const environment = environmentOf(world);
    await cli(environment, "run", "algorithm-update", "--detach");
    await world.run(runWorkflow, [(await world.enqueued(runWorkflow))[0]!.id]);
    await world.query(
      "update job_runs set status = 'failed', finished_at = now(), error = 'broken' where part_of is not null",
    );
    await world.query(
      "delete from outbox where parent in (select id from job_runs where part_of is not null)",
    );
    const answer = await cli(environment, "run", "algorithm-update", "--inline");
    expect(answer.code).toBe(1);
    expect(answer.out).toContain("broken");
    expect(answer.out).toMatch(
      /run \d+ of algorithm-update is done after .* s, but 1 of its 3 steps failed\n$/,
    );
  });

  it("with --dry-run previews every step and changes nothing", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    const answer = await cli(environmentOf(world), "run", "all", "--dry-run");
    expect(answer).toMatchObject({ code: 0, err: "" });
    for (const job of stepNames("all", {})) expect(answer.out).toContain(`Dry run of ${job} `);
    expect(await world.query("select id from job_runs")).toEqual([]);
    expect(await world.query("select user_id from profile_search_index")).toEqual([]);
  });

  it("needs a user that exists, and modes that can be combined", async () => {
    const world = await createWorld({ at: TODAY });
    const environment = environmentOf(world);
    expect(await cli(environment, "run", "onboarding", "--inline")).toMatchObject({ code: 1 });
    expect(await cli(environment, "run", "onboarding", "--user-id", "99", "--inline")).toMatchObject({
      code: 1,
      err: "There is no user 99.\n",
    });
    expect(await cli(environment, "run", "all", "--inline", "--detach")).toMatchObject({
      code: 1,
      err: "--inline and --detach cannot be combined.\n",
    });
  });
});

describe("the progress over steps", () => {
  it("counts finished steps whole, and the running one by its ranges", () => {
    const step = (finished: boolean, total: number | null, pending: number | null) => ({
      finishedAt: finished ? new Date() : null,
      total,
      pending,
    });
    expect(progressOf([])).toBe(0);
    expect(progressOf([step(true, null, null), step(false, 4, 1)])).toBe(175);
    expect(progressOf([step(true, 0, 0), step(false, null, null)])).toBe(100);
  });
});
