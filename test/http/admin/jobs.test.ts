import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { needsReason } from "../../../src/http/admin/access/needs-reason.ts";
import { DRY_RUN_LIMIT_MS } from "../../../src/http/admin/jobs/start.ts";
import { defineJob } from "../../../src/queues/job.ts";
import { done } from "../../../src/queues/outcome.ts";
import { every } from "../../../src/schedules/schedule.ts";
import { distributeCommission } from "../../../src/workers/commissions/distribute-commission.ts";
import { catalogue } from "../../../src/workers/index.ts";
import { note, noted } from "../../support/jobs.ts";
import { adminWorld, type Browser, browser, doneText, expectGuarded, FORM, PASSWORDS } from "./browser.ts";

const greet = defineJob({
  name: "greet-people",
  queue: "maintenance",
  description: "Greets <everybody>.",
  payload: z.object({
    times: z.int().min(1).max(3).describe("how often"),
    loud: z.boolean().default(false).describe("in capitals"),
    names: z.array(z.string()).optional(),
    actor: z.string(),
  }),
  key: ({ times }) => String(times),
  run: async ({ times, loud, names, actor }, { tx, remark }) => {
    await note(tx, JSON.stringify({ times, loud, names, actor }));
    remark({ about: "user 7", decision: "greeted" });
    return done({ greeted: times });
  },
});

const scene = async () => {
  const timetable = [every("0 9 * * *", greet, { input: { times: 2 } })];
  const { world, address } = await adminWorld(PASSWORDS, {
    jobs: [greet],
    timetable,
    at: "2026-05-01T08:00:00Z",
  });
  const admin = await browser(address, "admin");
  const post = (by: Browser, path: string, fields: Record<string, string>) =>
    by.send("POST", `/admin/jobs/${path}`, {
      headers: FORM,
      body: new URLSearchParams({ _csrf: by.csrf, ...fields }).toString(),
    });
  /** Makes a dry run. @returns the fields with the proof of it, as its page sends them. */
  const seen = async (by: Browser, job: string, fields: Record<string, string>) => {
    const page = await (await post(by, `${job}/dry-run`, fields)).text();
    const [, token = ""] = /name="dryRun" value="([^"]+)"/.exec(page) ?? [];
    return { ...fields, dryRun: token };
  };
  return { world, address, admin, post, seen };
};

describe("a job", () => {
  test("is paused for a time and resumed, by admins with a reason alone", async () => {
    const { world, address, admin, post } = await scene();
    const viewer = await browser(address, "viewer");
    const paused = () =>
      world.query<{ job: string }>("select job from job_pauses where until > now() + interval '14 minutes'");
    for (const path of ["greet-people/pause", "greet-people/resume"])
      await expectGuarded({ admin, viewer }, `/admin/jobs/${path}`);
    expect(await paused()).toEqual([]);
    const buttons = async () =>
      [
        ...(await (await admin.send("GET", "/admin/jobs/greet-people")).text()).matchAll(
          /<button formaction="[^"]*\/(?:pause|resume)">([^<]*)</g,
        ),
      ].map(([, label]) => label);
    expect(await buttons()).toEqual(["Pause the job greet-people"]);
    expect((await post(admin, "nothing/pause", { by: "15 minutes", reason: "x" })).status).toBe(404);
    const answer = await post(admin, "greet-people/pause", { by: "15 minutes", reason: "too loud" });
    expect([answer.status, await doneText(admin, answer)]).toEqual([303, "The job greet-people is paused."]);
    expect(await paused()).toEqual([{ job: "greet-people" }]);
    expect(await buttons()).toEqual([
      "Change the pause of the job greet-people",
      "Resume the job greet-people",
    ]);
    const page = await (await viewer.send("GET", "/admin/jobs/greet-people")).text();
    expect(page).toContain('<span class="badge warn">paused</span>');
    expect(page).toContain("<p>Paused until <time");
    expect(page).not.toContain('formaction="/admin/jobs/greet-people/pause"');
    expect(await (await viewer.send("GET", "/admin/jobs")).text()).toMatch(
      /greet-people<\/a>.{0,60}paused until/,
    );
    expect(await doneText(admin, await post(admin, "greet-people/resume", { reason: "it is quiet" }))).toBe(
      "The job greet-people is resumed: its work is due again.",
    );
    expect(await paused()).toEqual([]);
    expect(await (await viewer.send("GET", "/admin/jobs/greet-people")).text()).not.toContain("Paused until");
    const audited = await world.query(
      "select action, details->>'reason' as reason from audit_log where action like 'jobs.%'",
    );
    expect(audited).toEqual([
      { action: "jobs.pause", reason: "too loud" },
      { action: "jobs.resume", reason: "it is quiet" },
    ]);
  });
});

test("a link cannot put a text of its own on a page", async () => {
  const { admin } = await scene();
  for (const query of [
    "done=job-paused&about=send+money",
    "done=constructor&about=greet-people",
    "done=__proto__&about=greet-people",
    "done=job-paused",
    "done=job-paused&about[]=greet-people",
  ])
    expect(await (await admin.send("GET", `/admin/jobs/greet-people?${query}`)).text(), query).not.toContain(
      'role="status"',
    );
});

describe("the jobs", () => {
  test("are listed with their last run and next slot, by queue and name", async () => {
    const { world, admin } = await scene();
    await world.query(
      `insert into job_runs (job, trigger, input, status, created_at, started_at, finished_at) values
         ('greet-people', 'manual', '{}', 'failed', '2026-05-01T07:00Z', '2026-05-01T07:00Z', '2026-05-01T07:00:30Z')`,
    );
    const text = await (await admin.send("GET", "/admin/jobs?name=greet")).text();
    expect(text).toContain("Greets &lt;everybody&gt;.");
    expect(text).toMatch(/badge bad">failed.*1 h ago.*30 s.*in 1 h/s);
    expect(text).not.toContain("verify-ledger</a>");
    expect(await (await admin.send("GET", "/admin/jobs?queue=media")).text()).not.toContain("greet-people");
    expect((await admin.send("GET", "/admin/jobs?queue=lost")).status).toBe(422);
  });

  test("one has its declaration, input, schedules, durations and a form", async () => {
    const { world, admin, address } = await scene();
    await world.query(
      `insert into job_runs (job, trigger, input, status, created_at, started_at, finished_at) values
         ('greet-people', 'manual', '{}', 'done', '2026-05-01T07:00Z', '2026-05-01T07:00Z', '2026-05-01T07:00:30Z')`,
    );
    const text = await (await admin.send("GET", "/admin/jobs/greet-people")).text();
    expect(text).toContain('name="p.times" required');
    expect(text).toContain('<select id="payload-loud" name="p.loud"');
    expect(text).not.toContain("p.actor");
    expect(text).toContain("1 done; the longest took 30 s.");
    expect(text).toContain("<code>0 9 * * *</code>");
    const viewer = await browser(address, "viewer");
    expect(await (await viewer.send("GET", "/admin/jobs/greet-people")).text()).not.toContain("p.times");
    expect((await viewer.send("GET", "/admin/jobs/constructor")).status).toBe(404);
  });

  test("one says how long its entries take and wait, and since when it fails, is slow and is late", async () => {
    const { world, admin } = await scene();
    const shown = async () => (await admin.send("GET", "/admin/jobs/greet-people")).text();
    const quiet = await shown();
    expect(quiet).toContain("none in the last day");
    expect(quiet).not.toMatch(/Failing since|Slow since|Late since|runs fail since/);
    const [due] = await world.query<{ at: string }>(
      `insert into outbox (queue, job, key, payload, run_at) values ('maintenance', 'greet-people', '1', '{}', now() - interval '12 minutes')
       returning to_char(run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as at`,
    );
    await world.query(
      `insert into job_activity (since, job, carriers, settled, failed, ran_ms, longest_ms) values
         ('2026-05-01T05:00Z', 'greet-people', 50, 100, 0, 10000, 900), ('2026-05-01T06:00Z', 'greet-people', 50, 100, 0, 10000, 400),
         ('2026-05-01T07:40Z', 'greet-people', 10, 6, 4, 20000, 5000), ('2026-05-01T07:50Z', 'greet-people', 10, 9, 1, 30000, 6000)`,
    );
    await world.query(
      "insert into queue_minutes values ('2026-05-01T07:50Z', 'maintenance', 9, 0, 0, 4, 1000, 800, 5)",
    );
    await world.query(
      `insert into job_runs (job, trigger, input, status, created_at, started_at, finished_at) values
         ('greet-people', 'schedule', '{}', 'failed', '2026-05-01T04:00Z', '2026-05-01T04:00Z', '2026-05-01T04:00:30Z'),
         ('greet-people', 'schedule', '{}', 'done', '2026-05-01T05:00Z', '2026-05-01T05:00Z', '2026-05-01T05:00:10Z'),
         ('greet-people', 'schedule', '{}', 'failed', '2026-05-01T06:00Z', '2026-05-01T06:00Z', '2026-05-01T06:03:00Z'),
         ('greet-people', 'event', '{}', 'failed', '2026-05-01T06:30Z', '2026-05-01T06:30Z', '2026-05-01T06:30:20Z'),
         ('greet-people', 'manual', '{}', 'cancelled', '2026-05-01T07:00Z', '2026-05-01T07:00Z', '2026-05-01T07:00:20Z')`,
    );
    const text = await shown();
    expect(text).toMatch(
      /Time per entry<\/span><strong class="plain">100 ms<.*?median of 220; 95 of 100 within 2\.0 s/s,
    );
    expect(text).toMatch(/Longest carrier<\/span><strong class="plain">6\.0 s</);
    expect(text).toMatch(/Wait for a worker<\/span><strong class="plain">250 ms</);
    expect(text).toMatch(
      /Duration of a run<\/span><strong class="plain">20 s<.*?median of 5; 95 of 100 within 3 min/s,
    );
    expect(text).toMatch(
      /Its runs fail since <time datetime="2026-05-01T06:03:00.000Z">[^<]*<\/time>: 2 in a row\./,
    );
    expect(text).toMatch(
      /Failing since about <time datetime="2026-05-01T07:40[^>]*>[^<]*<\/time>: 5 of 20 attempts\./,
    );
    expect(text).toMatch(
      /Slow since about <time datetime="2026-05-01T07:40[^>]*>[^<]*<\/time>: 2\.5 s per entry, usually 100 ms\./,
    );
    expect(text).toMatch(
      new RegExp(`Late since <time datetime="${due?.at}.*?: 1 wait for a worker, 0 are with one\\.`),
    );
  });

  test("every job has a page", async () => {
    const { admin } = await scene();
    for (const { name } of catalogue.jobs)
      expect((await admin.send("GET", `/admin/jobs/${name}`)).status, name).toBe(200);
  });

  test("one is run from the form: a dry run that changes nothing, then the run", async () => {
    const { world, admin, post, seen } = await scene();
    const fields = { "p.times": "2", "p.loud": "true", "p.names": "Ada, Grace" };
    const preview = await post(admin, "greet-people/dry-run", fields);
    const text = await preview.text();
    expect(preview.status).toBe(200);
    expect(text).toContain("Dry run of greet-people for 2026-05-01 08:00:00Z. Nothing was consumed");
    expect(text).toContain("user 7: greeted");
    expect(text).toContain('<input type="hidden" name="p.names" value="Ada, Grace">');
    expect(await world.query("select 1 from job_runs")).toEqual([]);
    expect(await noted(world)).toEqual([]);
    const started = await post(admin, "greet-people/start", await seen(admin, "greet-people", fields));
    expect([started.status, started.headers.get("location")]).toEqual([
      303,
      expect.stringMatching(/^\/admin\/runs\/\d+\?/),
    ]);
    expect(await doneText(admin, started)).toMatch(/^The run \d+ is started\.$/);
    await world.drain();
    expect((await noted(world)).map((text) => JSON.parse(text))).toEqual([
      { times: 2, loud: true, names: ["Ada", "Grace"], actor: "admin" },
    ]);
    const [row] = await world.query(
      "select actor, subject, details from audit_log where action = 'jobs.start'",
    );
    expect(row).toMatchObject({
      actor: "admin",
      subject: expect.stringMatching(/^job_runs:\d+$/),
      details: { job: "greet-people" },
    });
  });

  test("after a dry run that took too long a run is started with a reason, without its result", async () => {
    const { world, admin, post } = await scene();
    const limit = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) =>
      ms === DRY_RUN_LIMIT_MS ? AbortSignal.abort(new DOMException("too long", "TimeoutError")) : limit(ms),
    );
    const fields = { "p.times": "2", "p.names": "Ada" };
    const answer = await post(admin, "greet-people/dry-run", fields);
    const text = await answer.text();
    expect(answer.status).toBe(422);
    expect(text).toContain("The dry run was ended after 20 s: what a run would do is not known.");
    expect(text).toContain('<input type="checkbox" name="unseen" value="yes" required>');
    expect(text).toContain('<input type="hidden" name="p.names" value="Ada">');
    const [, dryRun = ""] = /name="dryRun" value="([^"]+)"/.exec(text) ?? [];
    const unseen = { ...fields, dryRun, unseen: "yes" };
    expect((await post(admin, "greet-people/start", unseen)).status).toBe(422);
    // Nobody has said that they have not seen the result.
    const unsaid = { ...fields, dryRun, reason: "x" };
    expect((await post(admin, "greet-people/start", unsaid)).status).toBe(422);
    expect(await world.query("select 1 from job_runs")).toEqual([]);
    const started = await post(admin, "greet-people/start", { ...unseen, reason: "the host waits for it" });
    expect(started.status).toBe(303);
    const [row] = await world.query("select details from audit_log where action = 'jobs.start'");
    expect(row).toMatchObject({
      details: { reason: "the host waits for it", withoutDryRun: true, address: "127.0.0.1" },
    });
    expect(await (await admin.send("GET", "/admin/audit?action=jobs.start")).text()).toContain(
      "<td>127.0.0.1</td><td>the host waits for it</td>",
    );
  });

  test("none is started without a dry run with the same input, in the same session, in the last hour", async () => {
    const { world, address, admin, post, seen } = await scene();
    const fields = { "p.times": "2", "p.names": "Ada" };
    const start = (by: Browser, sent: Record<string, string>) =>
      post(by, "greet-people/start", { ...sent, reason: "x" });
    const proven = await seen(admin, "greet-people", fields);
    const other = await seen(admin, "greet-people", { ...fields, "p.times": "3" });
    const refused = [
      await start(admin, fields),
      await start(admin, { ...fields, unseen: "yes" }),
      await start(admin, { ...fields, dryRun: other.dryRun }),
      await start(admin, { ...proven, "p.names": "Ada, Grace" }),
      await start(admin, { ...proven, dryRun: proven.dryRun.replace(/\.\d+\./, ".9999999999999.") }),
      await start(admin, { ...proven, dryRun: `unknown${proven.dryRun.slice(5)}`, unseen: "yes" }),
      await start(await browser(address, "admin"), proven),
    ];
    world.at("2026-05-01T09:00:01Z");
    refused.push(await start(admin, proven));
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 422));
    const page = await (refused[0] as Response).text();
    expect(page).toContain("Nothing was started: a run needs a dry run with the same input");
    // The form has what was entered, and leads to the dry run.
    expect(page).toMatch(/action="\/admin\/jobs\/greet-people\/dry-run".*value="Ada"/s);
    expect(await world.query("select 1 from job_runs")).toEqual([]);
    world.at("2026-05-01T09:00:00Z");
    expect((await start(admin, proven)).status).toBe(303);
  });

  test("invalid input is explained beside its field", async () => {
    const { world, admin, post } = await scene();
    const answer = await post(admin, "greet-people/start", { "p.times": "9<b>" });
    const text = await answer.text();
    expect(answer.status).toBe(422);
    expect(text).toMatch(/value="9&lt;b&gt;".*class="bad">Invalid input/s);
    expect(await world.query("select 1 from job_runs")).toEqual([]);
  });

  test("viewers and requests without the token start nothing", async () => {
    const { world, address, admin, post } = await scene();
    const viewer = await browser(address, "viewer");
    for (const path of ["greet-people/dry-run", "greet-people/start"]) {
      expect((await post(viewer, path, { "p.times": "1" })).status).toBe(403);
      expect((await post(admin, path, { "p.times": "1", _csrf: "forged" })).status).toBe(403);
    }
    expect(await world.query("select 1 from job_runs")).toEqual([]);
  });

  test("money and people need a reason, and ids of rows that do not exist are refused", async () => {
    const { admin, post, seen } = await scene();
    expect(needsReason(distributeCommission)).toBe(true);
    expect(needsReason(greet)).toBe(false);
    const fields = await seen(admin, "distribute-commission", { "p.saleId": "7" });
    const refused = await post(admin, "distribute-commission/start", fields);
    expect(refused.status).toBe(422);
    const started = await post(admin, "distribute-commission/start", {
      ...fields,
      reason: "asked by the buyer",
    });
    expect(started.status).toBe(303);
    const unknown = await post(admin, "calculate-matches/start", { "p.projectId": "nowhere" });
    expect(await unknown.text()).toContain("There is no such row.");
  });
});
