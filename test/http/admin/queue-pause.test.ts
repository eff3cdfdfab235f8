import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { adminWorld, browser, doneText, expectGuarded, postForm } from "./browser.ts";

const PATH = "/admin/queue/feeds";

test("a queue is paused for a time and resumed, by admins with a reason alone, job by job and with an audit row", async () => {
  const { world, address } = await adminWorld();
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  const jobs = world.catalogue.jobs.filter(({ queue }) => queue === "feeds").map(({ name }) => name);
  const paused = async () =>
    (
      await world.query<{ job: string }>(
        "select job from job_pauses where until > now() + interval '59 minutes' order by job",
      )
    ).map(({ job }) => job);
  for (const action of ["pause", "resume"]) await expectGuarded({ admin, viewer }, `${PATH}/${action}`);
  expect(await paused()).toEqual([]);
  expect((await postForm(admin, "/admin/queue/toString/pause", { reason: "x" })).status).toBe(404);

  const answer = await postForm(admin, `${PATH}/pause`, { by: "1 hour", reason: "too slow" });
  expect([answer.status, await doneText(admin, answer)]).toEqual([
    303,
    "All jobs of the queue feeds are paused.",
  ]);
  expect(await paused()).toEqual(jobs.sort());
  const [{ until }] = (await world.query("select until from job_pauses limit 1")) as [{ until: string }];
  await world.query(
    "insert into outbox (queue, job, key, payload, run_at) values ('feeds', 'trending', '1', '{}', $1)",
    [until],
  );
  const page = await (await viewer.send("GET", PATH)).text();
  expect(page).toMatch(/paused until <time[^>]+>[^<]+<\/time> by <a [^>]+>admin<\/a>: too slow/);
  expect(page).not.toContain("Pause all jobs of the queue feeds");
  expect(await (await admin.send("GET", PATH)).text()).toContain("Resume all jobs of the queue feeds");

  expect(await doneText(admin, await postForm(admin, `${PATH}/resume`, { reason: "fixed" }))).toBe(
    "All jobs of the queue feeds are resumed: their work is due again.",
  );
  expect(await paused()).toEqual([]);
  expect(await world.query("select 1 from outbox where run_at <= now()")).toHaveLength(1);
  expect(
    await world.query(
      "select actor, action, details from audit_log where subject = 'queues:feeds' order by id",
    ),
  ).toEqual([
    {
      actor: "admin",
      action: "queues.pause",
      details: { reason: "too slow", address: "127.0.0.1", seconds: 3_600, jobs: jobs.length },
    },
    {
      actor: "admin",
      action: "queues.resume",
      details: { reason: "fixed", address: "127.0.0.1", jobs: jobs.length },
    },
  ]);
});

test("a queue that another program has paused in Redis is shown as such, and resumed", async () => {
  const { world, address } = await adminWorld();
  const admin = await browser(address, "admin");
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const queue = world.producers.queue("feeds");
  await queue.pause();
  const page = await (await admin.send("GET", PATH)).text();
  expect(page).toContain('<span class="badge warn">paused in Redis</span>');
  await postForm(admin, `${PATH}/resume`, { reason: "nobody knows who paused it" });
  expect(await queue.isPaused()).toBe(false);
});
