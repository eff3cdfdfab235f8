import { describe, expect, test } from "vitest";
import { adminWorld, browser } from "./browser.ts";

const AT = "2026-05-01T12:30:00Z";

async function scene() {
  const { world, address } = await adminWorld(undefined, { at: AT });
  await world.query(
    `insert into job_runs (job, trigger, schedule, slot, input, status, created_at, started_at, finished_at, counts, error) values
       ('verify-ledger', 'schedule', 'verify-ledger', '2026-05-01T04:45Z', '{"full": false}', 'done', '2026-05-01T04:45Z', '2026-05-01T04:45Z', '2026-05-01T04:46:05Z', '{"checked": 1200, "broken": 0}', null),
       ('verify-ledger', 'schedule', 'verify-ledger', '2026-05-01T12:20Z', '{}', 'skipped', '2026-05-01T12:20Z', '2026-05-01T12:20Z', '2026-05-01T12:20Z', '{}', 'nothing to do'),
       ('run-workflow', 'manual', null, null, '{"workflow": "all", "note": "Dear Ada, <b>x</b>"}', 'failed', '2026-05-01T12:00Z', '2026-05-01T12:00Z', '2026-05-01T12:10Z', '{}', '<b>42P01</b>')`,
  );
  await world.query(
    `insert into outbox (queue, job, key, payload, parent, dead_at, error, attempts) values
       ('maintenance', 'run-workflow', 'x', '{}', 3, now(), '42P01', 15)`,
  );
  const viewer = await browser(address, "viewer");
  const get = async (path: string) => {
    const answer = await viewer.send("GET", path);
    return { status: answer.status, text: await answer.text() };
  };
  const ids = async (query: string) =>
    [...(await get(`/admin/runs${query}`)).text.matchAll(/href="\/admin\/runs\/(\d+)"/g)].map(([, id]) => id);
  return { world, get, ids };
}

describe("the runs", () => {
  test("are listed by job, status, trigger and time; those without work only if asked for", async () => {
    const { ids } = await scene();
    expect(await ids("")).toEqual(["3", "1"]);
    expect(await ids("?work=all")).toEqual(["3", "2", "1"]);
    expect(await ids("?job=verify-ledger")).toEqual(["1"]);
    expect(await ids("?status=failed")).toEqual(["3"]);
    expect(await ids("?trigger=schedule")).toEqual(["1"]);
    expect(await ids("?within=1+hour")).toEqual(["3"]);
    expect(await ids("?from=2026-05-01+04:30&until=2026-05-01+05:00")).toEqual(["1"]);
    expect(await ids("?from=2026-05-01T11:00Z")).toEqual(["3"]);
    expect(await ids("?page=2")).toEqual([]);
  });

  test("a wrong filter is explained, and nothing is listed", async () => {
    const { get } = await scene();
    const { status, text } = await get("/admin/runs?status=lost");
    expect([status, text]).toEqual([422, expect.stringContaining("is not a status")]);
    expect(text).not.toContain("/admin/runs/3");
    expect((await get("/admin/runs?within=constructor")).status).toBe(422);
  });

  test("one is shown with its input, counts, error and open entries", async () => {
    const { get } = await scene();
    const done = (await get("/admin/runs/1")).text;
    expect(done).toMatch(/Duration<\/dt><dd>1 min 5 s/);
    expect(done).toContain('<td>checked</td><td class="number">1,200</td>');
    expect(done).not.toContain("data-stream");
    const failed = (await get("/admin/runs/3")).text;
    expect(failed).toContain("&lt;b&gt;42P01&lt;/b&gt;");
    expect(failed).toContain("&quot;workflow&quot;: &quot;all&quot;");
    expect(failed).not.toMatch(/Dear Ada|<b>/);
    expect(failed).toContain('<a href="/admin/work/1">1</a>');
    expect((await get("/admin/runs/77")).status).toBe(404);
    expect((await get("/admin/runs/x")).status).toBe(404);
  });

  test("one that was started by hand says by whom and why", async () => {
    const { world, get } = await scene();
    expect((await get("/admin/runs/3")).text).toContain("<dd>not in the audit log:");
    expect((await get("/admin/runs/1")).text).not.toContain("Started by");
    const started = async (action: string, subject: string, details: object) => {
      await world.query("delete from audit_log");
      await world.query(
        "insert into audit_log (actor, action, subject, details) values ('admin', $1, $2, $3)",
        [action, subject, details],
      );
      return (await get("/admin/runs/3")).text;
    };
    const by = "<dt>Started by</dt><dd>admin</dd></div><div><dt>Why</dt><dd>asked for</dd>";
    const reason = "asked for";
    expect(await started("jobs.start", "job_runs:3", { reason })).toContain(by);
    expect(await started("schedules.run", "schedules:maintenance", { run: "3", reason })).toContain(by);
  });
});
