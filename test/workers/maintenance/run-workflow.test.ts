import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/queues/job.ts";
import { catalogue } from "../../../src/workers/index.ts";
import { runWorkflow } from "../../../src/workers/maintenance/run-workflow.ts";
import { stepsOf, WORKFLOW_NAMES, WORKFLOWS } from "../../../src/workers/maintenance/workflows.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
import { profileOf, TODAY } from "../../support/search-people.ts";
import { createWorld, type World } from "../../support/world.ts";

const namesOf = (steps: ReturnType<typeof stepsOf>) => steps.map(({ job }) => job.name);

const stepRuns = (world: World, run: string) =>
  world.query<{ job: string; status: string }>(
    "select job, status from job_runs where part_of = $1 order by id",
    [run],
  );

const statusOf = async (world: World, run: string) =>
  (
    await world.query<{ status: string; counts: unknown }>(
      "select status, counts from job_runs where id = $1",
      [run],
    )
  )[0];

/** Runs everything that is due until the run has ended. */
async function finish(world: World, run: string): Promise<void> {
  for (let n = 0; n < 100; n++) {
    await world.drain();
    if ((await statusOf(world, run))?.status !== "running") return;
    await world.skipBackOff();
  }
}

describe("run-workflow", () => {
  it("runs the steps one after the other, each as a run of its own", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    const run = await enqueueRunIn(world, runWorkflow as Job, { workflow: "all" });
    await finish(world, run);
    const steps = namesOf(stepsOf("all", {}));
    expect(await stepRuns(world, run)).toEqual(steps.map((job) => ({ job, status: "done" })));
    expect(await statusOf(world, run)).toEqual({ status: "done", counts: { steps: steps.length } });
    expect(await world.query("select count(*)::int as n from profile_search_index")).toEqual([{ n: 1 }]);
    const overlapping = await world.query(
      `select id from (select id, created_at < lag(finished_at) over (order by id) as early from job_runs where part_of = $1) r
       where early`,
      [run],
    );
    expect(overlapping).toEqual([]);
  });

  it("gives the user to every step of onboarding", async () => {
    const world = await createWorld({ at: TODAY });
    const [userId] = [await profileOf(world), await profileOf(world)];
    const run = await enqueueRunIn(world, runWorkflow as Job, { workflow: "onboarding", userId });
    await finish(world, run);
    expect(await statusOf(world, run)).toMatchObject({ status: "done" });
    expect(await world.query("select user_id as id from profile_search_index")).toEqual([{ id: userId }]);
    for (const step of await world.query("select input from job_runs where part_of = $1", [run]))
      expect(step).toMatchObject({ input: { userId } });
  });

  it("continues after a step that failed, and counts it", async () => {
    const world = await createWorld({ at: TODAY });
    const run = await enqueueRunIn(world, runWorkflow as Job, { workflow: "all" });
    await world.run(runWorkflow, [(await world.enqueued(runWorkflow))[0]!.id]);
    await world.query("update job_runs set status = 'failed', finished_at = now() where part_of = $1", [run]);
    await world.query("delete from outbox where parent in (select id from job_runs where part_of = $1)", [
      run,
    ]);
    await finish(world, run);
    const count = stepsOf("all", {}).length;
    expect(await statusOf(world, run)).toEqual({ status: "done", counts: { steps: count, failed: 1 } });
    expect((await stepRuns(world, run)).map(({ status }) => status)).toEqual([
      "failed",
      ...Array(count - 1).fill("done"),
    ]);
  });

  it("needs a user for onboarding alone", () => {
    const accepts = (payload: unknown) => runWorkflow.payload.safeParse(payload).success;
    expect(accepts({ workflow: "onboarding" })).toBe(false);
    expect(accepts({ workflow: "all", userId: "8" })).toBe(false);
    expect(accepts({ workflow: "onboarding", userId: "8" })).toBe(true);
    expect(accepts({ workflow: "algorithm-update" })).toBe(true);
  });
});

describe("the workflows", () => {
  it("have steps, of jobs that accept their input", () => {
    for (const name of WORKFLOW_NAMES) {
      const options = WORKFLOWS[name].ofUser ? { userId: "8" } : { full: true };
      const steps = stepsOf(name, options);
      expect(steps.length, name).toBeGreaterThan(0);
      for (const { job, input } of steps) expect(job.payload.safeParse(input).success, job.name).toBe(true);
    }
  });

  it("have steps that are in the catalogue, so that workers know them", () => {
    for (const name of WORKFLOW_NAMES)
      for (const { job } of stepsOf(name, { full: true })) expect(catalogue.jobs, job.name).toContain(job);
  });

  it("have no step about money or e-mail", () => {
    for (const name of WORKFLOW_NAMES)
      for (const { job } of stepsOf(name, { full: true }))
        expect(["matching", "feeds", "media"], job.name).toContain(job.queue);
  });
});
