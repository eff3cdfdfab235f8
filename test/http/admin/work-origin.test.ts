import { expect, it } from "vitest";
import { z } from "zod";
import { enqueue, enqueueMany } from "../../../src/queues/enqueue.ts";
import { defineJob } from "../../../src/queues/job.ts";
import { startRun } from "../../../src/queues/manual-runs.ts";
import { done } from "../../../src/queues/outcome.ts";
import { organization } from "../../support/factories.ts";
import { project, user } from "../../support/platform.ts";
import { adminWorld, browser, PASSWORDS, postForm } from "./browser.ts";

const payload = z.object({ name: z.string() });

const child = defineJob({
  name: "greet-child",
  queue: "maintenance",
  description: "Greets a child.",
  payload,
  key: ({ name }) => name,
  run: async () => done({}),
});

const parent = defineJob({
  name: "greet-parent",
  queue: "maintenance",
  description: "Has a child greeted later.",
  payload,
  key: ({ name }) => name,
  run: async ({ name }, { tx }) => {
    await enqueue(tx, child, { name: `child-of-${name}` }, { delayMs: 3_600_000 });
    return done({});
  },
});

const family = defineJob({
  name: "greet-family",
  queue: "maintenance",
  description: "Has the children of a group greeted later.",
  payload,
  key: ({ name }) => name,
  batch: { size: 10 },
  runBatch: async (payloads, { tx }) => {
    await enqueueMany(
      tx,
      child,
      payloads.map(({ name }) => ({ name: `child-of-${name}` })),
      { delayMs: 3_600_000 },
    );
    return payloads.map(() => done({}));
  },
});

async function scene() {
  const { world, address } = await adminWorld(PASSWORDS, { jobs: [child, parent, family] });
  const viewer = await browser(address, "viewer");
  const page = async (path: string) => (await viewer.send("GET", `/admin/work/${path}`)).text();
  const idOf = async (key: string) =>
    (await world.query<{ id: string }>("select id from outbox where key = $1", [key]))[0]!.id;
  return { world, page, idOf };
}

it("without tracing, the page of an entry names the entry that enqueued it, and that of a settled one what it enqueued", async () => {
  const { world, page, idOf } = await scene();
  const asked = await world.relay.transact((tx) => enqueue(tx, parent, { name: "ada" }));
  expect(await page(asked)).toContain("Nothing yet: what it leads to is enqueued when it is settled.");
  await world.drain();
  const led = await idOf("child-of-ada");
  const shown = await page(led);
  expect(shown).toContain(
    `<dt>Asked for by</dt><dd>Entry ${asked} of <code>greet-parent</code><small>It is settled and no longer kept.</small></dd>`,
  );
  const settled = await page(asked);
  expect(settled).toContain("it was settled or discarded");
  expect(settled).toContain(`<a href="/admin/work/${led}">${led}</a>`);
});

it("the page of an entry says where what settled entries did is kept, and what operators did with it", async () => {
  const { world, address } = await adminWorld(PASSWORDS, { jobs: [child] });
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  const page = async (id: string) => (await viewer.send("GET", `/admin/work/${id}`)).text();
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at) values
       ('commissions', 'distribute-commission', '7', '{"saleId": "7"}', now() + interval '1 day'),
       ('maintenance', 'greet-child', 'x', '{"name": "x"}', now() + interval '1 day')`,
  );
  const kept = "What settled entries did is shown where it is kept: ";
  expect(await page("1")).toContain(`${kept}<a href="/admin/sales/7">Sale 7</a>.`);
  const run = await world.relay.transact((tx) => startRun(tx, child, { name: "by hand" }));
  expect(await page("3")).toContain(`${kept}<a href="/admin/runs/${run}">Run ${run}</a>.`);
  expect(await page("2")).not.toContain("What operators did with it");
  const answer = await postForm(admin, "/admin/work/2/discard", { reason: "asked by the host" });
  expect(answer.status).toBe(303);
  const gone = await page("2");
  expect(gone).toContain("it was settled or discarded");
  expect(gone).toContain(`${kept}a <a href="/admin/sales">sale</a>`);
  expect(gone).toMatch(/What operators did with it.*work\.discard.*asked by the host/s);
});

it("of a group that was settled together the first entry is named, and the page says so", async () => {
  const { world, page, idOf } = await scene();
  const [first] = await world.relay.transact((tx) =>
    enqueueMany(tx, family, [{ name: "ada" }, { name: "grace" }]),
  );
  await world.drain();
  expect(await page(await idOf("child-of-grace"))).toContain(
    `Entry ${first} of <code>greet-family</code>, or another one that was settled together with it`,
  );
});

it("a run, an event, a host or another origin is named as well, and an entry that still exists is linked", async () => {
  const { world, page, idOf } = await scene();
  const run = await world.relay.transact((tx) => startRun(tx, child, { name: "by hand" }));
  const [ofRun] = await world.query<{ id: string }>("select id from outbox where parent = $1", [run]);
  expect(await page(ofRun!.id)).toContain(
    `<dt>Asked for by</dt><dd><a href="/admin/runs/${run}">Run ${run}</a>`,
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at, caused_by, caused_by_job) values
       ('notifications', 'notify-fan-out', '3..4', '{"eventIds": ["3", "4"]}', now() + interval '1 day', null, null),
       ('notifications', 'record-host-event', 'sql:9', '{}', now() + interval '1 day', null, null),
       ('maintenance', 'greet-child', 'orphan', '{"name": "x"}', now() + interval '1 day', null, null),
       ('maintenance', 'greet-child', 'nested', '{"name": "x"}', now() + interval '1 day', $1, 'greet-child')`,
    [ofRun!.id],
  );
  expect(await page(await idOf("3..4"))).toMatch(/Asked for by<\/dt><dd><a href="[^"]*event=3">Event 3<\/a>/);
  expect(await page(await idOf("sql:9"))).toContain("<dt>Asked for by</dt><dd>The host, in SQL</dd>");
  expect(await page(await idOf("orphan"))).toContain("No other work: a webhook call, a host or an operator");
  expect(await page(await idOf("nested"))).toContain(
    `<a href="/admin/work/${ofRun!.id}">Entry ${ofRun!.id}</a> of <code>greet-child</code></dd>`,
  );
  expect(await page(ofRun!.id)).toContain(`<a href="/admin/work/${await idOf("nested")}">`);
});

it("entries and runs name the project and the organization that they are about, and users by their ids", async () => {
  const { world, address } = await adminWorld();
  const organizationId = await organization(world);
  const ada = await user(world, { name: "Ada" });
  const projectId = await project(world, { organizationId, createdBy: ada, name: "River <gardens>" });
  await world.query("update organizations set name = 'Helping hands', host_id = 'org-1' where id = $1", [
    organizationId,
  ]);
  const payload = JSON.stringify({ projectId, organizationId, userId: ada });
  await world.query(
    "insert into outbox (queue, job, key, payload) values ('matching', 'calculate-matches', 'x', $1::jsonb)",
    [payload],
  );
  await world.query(
    "insert into job_runs (job, trigger, input) values ('calculate-matches', 'manual', $1::jsonb)",
    [payload],
  );
  const viewer = await browser(address, "viewer");
  const [entry] = await world.query<{ id: string }>("select id from outbox");
  const [run] = await world.query<{ id: string }>("select id from job_runs");
  for (const path of [`work/${entry!.id}`, `runs/${run!.id}`]) {
    const shown = await (await viewer.send("GET", `/admin/${path}`)).text();
    expect(shown, path).toContain(
      `Project ${projectId}, River &lt;gardens&gt;; Organization org-1, Helping hands`,
    );
    expect(shown, path).toContain(`User <a href="/admin/people/${ada}">${ada}</a>`);
    expect(shown, path).not.toContain("Ada");
  }
});
