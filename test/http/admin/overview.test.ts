import { describe, expect, test } from "vitest";
import { queueFigures } from "../../../src/http/admin/overview/figures.ts";
import { adminWorld, browser } from "./browser.ts";

const AT = "2026-05-01T12:30:30Z";

const minutes = (queue: string, ago: number, settled: number, failed = 0) =>
  `('${AT}'::timestamptz - interval '30 seconds' - interval '${ago} minutes', '${queue}', ${settled}, ${failed}, 0, 1, 20, 20, 5)`;

describe("the overview", () => {
  test("shows queues, runs in progress with their progress, alerts, servers and processes", async () => {
    const { world, address } = await adminWorld(undefined, { at: AT });
    await world.query(
      `insert into outbox (queue, job, key, payload, run_at) values
         ('commissions', 'distribute-commission', '1', '{}', now() - interval '20 minutes'),
         ('media', 'media-metadata', '2', '{}', now())`,
    );
    await world.query("update outbox set dead_at = now() where key = '2'");
    await world.query(
      `insert into job_runs (job, trigger, input, status, started_at, total, pending) values
         ('calculate-matches', 'schedule', '{}', 'running', now(), 40, 10)`,
    );
    await world.query(
      `insert into queue_minutes values ${minutes("commissions", 1, 300)}, ${minutes("commissions", 2, 150, 4)}`,
    );
    await world.query(
      `insert into processes values ('a', '<worker>', 7, '0.9.0', '{worker}', '{media}', now(), now()),
         ('b', 'other', 8, '1.0.0', '{api}', '{}', now(), now() - interval '5 minutes')`,
    );
    const viewer = await browser(address, "viewer");
    const text = await (await viewer.send("GET", "/admin")).text();
    expect(text).toContain('<progress max="40" value="30" aria-label="Progress of run 1">');
    expect(text).toMatch(/Settled per minute<\/span><strong class="plain">30</);
    expect(text).toMatch(/Failed attempts<\/span><strong class="warn">4</);
    expect(text).toMatch(/Oldest unsettled<\/span><strong class="warn">20 min/);
    expect(text).toContain('<a class="bad" href="/admin/work?queue=media&amp;state=dead">1</a>');
    expect(text).toMatch(/SalesNotSettled<small>.*?pending/s);
    expect(text).toContain("&lt;worker&gt;<small>7</small>");
    expect(text).toContain('<span class="badge bad">not seen</span>');
    expect(text).toMatch(/Postgres<\/td><td>1\d/);
    expect(text).toContain("Settled entries per minute. commissions 2.5 on average.");
    expect(text).not.toContain("<worker>");
    expect(text).not.toContain("<h2>Paused</h2>");
  });

  test("a queue has its own page with charts, jobs and the way to Bull Board", async () => {
    const { world, address } = await adminWorld(undefined, { at: AT });
    await world.query(
      `insert into queue_minutes values ${minutes("media", 90, 60)}, ${minutes("feeds", 90, 7)}`,
    );
    const viewer = await browser(address, "viewer");
    const first = await (await viewer.send("GET", "/admin/queue/media")).text();
    expect(first).toContain('<option value="3 hours" selected>3 hours</option>');
    const text = await (await viewer.send("GET", "/admin/queue/media?span=1+day")).text();
    expect(text).toContain('<a href="/admin/queues/queue/media">');
    expect(text).toContain('<a href="/admin/jobs/media-metadata">');
    expect(text).toContain("media 0.04 on average");
    expect(text).not.toContain("feeds 0");
    expect(text).not.toContain("trending");
    for (const span of ["2+years", "constructor", "__proto__"])
      expect((await viewer.send("GET", `/admin/queue/media?span=${span}`)).status).toBe(422);
    expect((await viewer.send("GET", "/admin/queue/toString")).status).toBe(404);
  });

  test("the page of a queue says which of its jobs takes the time, waits and is paused", async () => {
    const { world, address } = await adminWorld(undefined, { at: AT });
    await world.query(
      `insert into job_activity values ('2026-05-01T12:20Z', 'feed-presort', 9, 4000, 3, 90000, 20000),
         ('2026-05-01T12:20Z', 'trending', 4, 4, 0, 10000, 3000)`,
    );
    await world.query(
      "insert into outbox (queue, job, key, payload, run_at) values ('feeds', 'trending', '1', '{}', now() - interval '2 minutes')",
    );
    await world.query("insert into job_pauses values ('trending', now() + interval '1 hour')");
    const viewer = await browser(address, "viewer");
    const start = await (await viewer.send("GET", "/admin")).text();
    expect(start).toContain(
      '<small class="warn"><a href="/admin/jobs/trending">trending</a> is paused until <time',
    );
    const text = await (await viewer.send("GET", "/admin/queue/feeds")).text();
    const rows = [...text.matchAll(/<tr><td class="fixed"><a href="\/admin\/jobs\/.*?<\/tr>/gs)].map(
      ([row]) =>
        row
          .replace(/<time.*?<\/time>/g, "")
          .replace(/<[^>]+>/g, " ")
          .replace(/ +/g, " ")
          .trim(),
    );
    expect(rows[0]).toBe(
      "feed-presort Failing since about : 3 of 4,003 attempts. 90 % 1 min 30 s 22 ms 22 ms 20 s 4,000 3 0 0 –",
    );
    expect(rows[1]).toMatch(/^trending paused until 10 % 10 s 2.5 s 2.5 s 3.0 s 4 0 1 0 2 min/);
  });

  test("the page of a queue says how long its carriers wait, and since when work is late", async () => {
    const { world, address } = await adminWorld(undefined, { at: AT });
    const waits = (minute: string, longestMs: number) =>
      world.query("insert into queue_minutes values ($1, 'feeds', 1, 0, 0, 10, 2500, $2, 5)", [
        `2026-05-01T${minute}Z`,
        longestMs,
      ]);
    await waits("12:20", 900);
    for (const minute of ["12:27", "12:28", "12:29"]) await waits(minute, 90_000);
    const viewer = await browser(address, "viewer");
    const text = await (await viewer.send("GET", "/admin/queue/feeds")).text();
    expect(text).toMatch(/Wait, last day<\/span><strong class="plain">250 ms</);
    expect(text).toContain("median; 95 of 100 within 250 ms");
    expect(text).toMatch(/<p class="warn why">Late since <time datetime="2026-05-01T12:27:00.000Z">/);
    await waits("12:30", 10);
    expect(await (await viewer.send("GET", "/admin/queue/feeds")).text()).not.toContain("Late since");
  });

  test("says so while Postgres does not answer", async () => {
    const { world, address } = await adminWorld();
    const viewer = await browser(address, "viewer");
    await world.query("alter table outbox rename to hidden");
    expect(await (await viewer.send("GET", "/admin")).text()).toContain("Postgres does not answer.");
    await world.query("alter table hidden rename to outbox");
  });
});

test("the figures of a queue are those of whole minutes", () => {
  const at = new Date("2026-05-01T12:30:30Z");
  const step = (minutesAgo: number, settled: number) => ({
    queue: "media",
    atSeconds: Math.floor(at.getTime() / 60_000) * 60 - minutesAgo * 60,
    settled,
    retried: 1,
    died: 1,
    longestWaitMs: 0,
  });
  const slow = {
    sales: { held: 0, unresolved: 0 },
    pauses: [],
    pausedSchedules: [],
    alerts: [],
    carriers: [],
    servers: [],
    processes: [],
    activity: [step(0, 99), step(1, 30), step(61, 7)],
  };
  const media = queueFigures({ at, entries: [], slow }).find(({ queue }) => queue === "media");
  expect(media).toMatchObject({ perMinute: 2, failed: 2, active: null, isPaused: false });
  expect(media?.lastHour.at(-1)).toBe(30);
});
