import { describe, expect, test } from "vitest";
import { pauseJob } from "../../../src/queues/job-pauses.ts";
import { openSlots } from "../../../src/roles/scheduler.ts";
import { pauseSchedule } from "../../../src/schedules/pause.ts";
import { reconcileSchedulers } from "../../../src/schedules/register.ts";
import { every } from "../../../src/schedules/schedule.ts";
import { eventually } from "../../support/eventually.ts";
import { singleJob } from "../../support/jobs.ts";
import type { World } from "../../support/world.ts";
import { adminWorld, browser, doneText, FORM, PASSWORDS } from "./browser.ts";

const job = singleJob();
const timetable = [every("0 * * * *", job, { name: "hourly", input: { item: "slot" } })];

const scheduled = () => adminWorld(PASSWORDS, { jobs: [job], timetable, at: "2026-05-01T12:30:00Z" });
const SCHEDULER = "/admin/queues/api/queues/maintenance/job-schedulers/hourly";
const runs = (world: World) => world.query("select trigger, schedule, input from job_runs order by id");

describe("the schedules of the dashboard", () => {
  test("an admin pauses and resumes one, which the audit log records", async () => {
    const { address, world } = await scheduled();
    const admin = await browser(address, "admin");
    const post = (action: string) =>
      admin.send("POST", `/admin/schedules/hourly/${action}`, { headers: FORM, body: `_csrf=${admin.csrf}` });
    const shown = async () => (await admin.send("GET", "/admin/schedules")).text();
    await openSlots(world, timetable);
    expect(await shown()).toContain('aria-label="Pause this schedule hourly"');
    const paused = await post("pause");
    expect([paused.status, await doneText(admin, paused)]).toEqual([
      303,
      "The schedule hourly is paused: it opens no slot until it is resumed.",
    ]);
    expect(await shown()).toContain('aria-label="Resume this schedule hourly"');
    expect(await shown()).toContain('<span class="badge warn">paused</span>');
    world.at("2026-05-01T13:00:00Z");
    expect(await openSlots(world, timetable)).toEqual([]);
    expect(await doneText(admin, await post("resume"))).toBe("The schedule hourly is resumed.");
    expect(await shown()).not.toContain('<span class="badge warn">paused</span>');
    expect(await openSlots(world, timetable)).toHaveLength(1);
    expect(
      await world.query(
        "select actor, action, subject from audit_log where subject like 'schedules:%' order by id",
      ),
    ).toEqual([
      { actor: "admin", action: "schedules.pause", subject: "schedules:hourly" },
      { actor: "admin", action: "schedules.resume", subject: "schedules:hourly" },
    ]);
  });

  test("says that its job is paused", async () => {
    const { address, world } = await scheduled();
    const viewer = await browser(address, "viewer");
    await world.query("insert into job_pauses values ('note-item', now() + interval '1 hour')");
    const text = await (await viewer.send("GET", "/admin/schedules")).text();
    expect(text).toContain('<small class="warn why">paused until <time');
  });

  test("whose failed run still has work waiting names that run, and the slot that waits for it", async () => {
    const { address, world } = await scheduled();
    const viewer = await browser(address, "viewer");
    await openSlots(world, timetable);
    world.at("2026-05-01T13:00:00Z");
    await openSlots(world, timetable);
    await world.query("update job_runs set status = 'failed', finished_at = now()");
    const [run] = await world.query("select id from job_runs");
    world.at("2026-05-01T14:05:00Z");
    expect(await openSlots(world, timetable)).toEqual([]);
    for (const path of ["/schedules", "/jobs/note-item"]) {
      const text = await (await viewer.send("GET", `/admin${path}`)).text();
      expect(text, path).toContain("waits for its run");
      expect(text, path).toMatch(/The slot of <time datetime="2026-05-01T14:00/);
      expect(text, path).toContain(`<a href="/admin/runs/${run?.["id"]}">run ${run?.["id"]}</a> is settled`);
    }
  });

  test("pages that show its next slot say since when, by whom and why one is paused instead", async () => {
    const { address, world } = await scheduled();
    const viewer = await browser(address, "viewer");
    const shown = async (path: string) => (await viewer.send("GET", `/admin${path}`)).text();
    const next = /<td[^>]*><time datetime="2026-05-01T13:00/;
    const pages = ["/schedules", "/jobs", "/jobs/note-item"];
    for (const path of pages) expect(await shown(path), path).toMatch(next);
    await world.relay.transact((tx) =>
      pauseSchedule(tx, "hourly", { actor: "cli:mlindner", reason: "told <twice>" }),
    );
    await world.relay.transact((tx) => pauseJob(tx, job, 3_600, { actor: "admin", reason: "too loud" }));
    const by = `<a href="/admin/audit?subject=schedules%3Ahourly">mlindner (command line)</a>`;
    for (const path of pages) {
      const text = await shown(path);
      expect(text, path).not.toMatch(next);
      expect(text, path).toMatch(/badge warn">paused<\/span><small class="why">since <time/);
      expect(text, path).toContain(`${by}: told &lt;twice&gt;`);
      expect(text, path).toMatch(/aused until <time.*?<\/time> by <a [^>]*>admin<\/a>: too loud/);
    }
    const overview = await shown("/");
    expect(overview).toContain('<a href="/admin/schedules#hourly">hourly</a><small>schedule</small>');
    expect(overview).toContain(`<td>${by}</td><td class="long">told &lt;twice&gt;</td>`);
    expect(overview).toContain('<a href="/admin/jobs/note-item">note-item</a><small>job</small>');
    await world.query("delete from audit_log");
    expect(await shown("/schedules")).toMatch(/<small class="why">since <time[^>]*>[^<]*<\/time><\/small>/);
  });

  test("open no run: that needs a reason where money or people are concerned, and an audit row", async () => {
    const { address, world } = await scheduled();
    const admin = await browser(address, "admin");
    const answer = await admin.send("PUT", `${SCHEDULER}/run`, { headers: { "X-XSRF-TOKEN": admin.csrf } });
    expect(answer.status).toBe(405);
    expect(await runs(world)).toEqual([]);
  });

  test("cannot be edited or removed, since they would be written again, and the buttons are hidden", async () => {
    const { address, world } = await scheduled();
    await eventually(() => expect(world.producers.ready()).toBe(true));
    await reconcileSchedulers(world.producers, timetable, world.log);
    const admin = await browser(address, "admin");
    const headers = { "X-XSRF-TOKEN": admin.csrf, "Content-Type": "application/json" };
    expect((await admin.send("PUT", `${SCHEDULER}/remove`, { headers })).status).toBe(405);
    const edit = await admin.send("PATCH", SCHEDULER, { headers, body: '{"pattern": "* * * * *"}' });
    expect(edit.status).toBe(405);
    expect(await world.producers.queue("maintenance").getJobSchedulers()).toMatchObject([
      { key: "hourly", pattern: "0 * * * *" },
    ]);
    const page = await (await admin.send("GET", "/admin/queues/job-schedulers")).text();
    expect(page).toContain('td[class^="actionsCell"] button { display: none }');
  });
});
