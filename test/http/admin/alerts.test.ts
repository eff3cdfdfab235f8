import { expect, it } from "vitest";
import { ALERT_RULES } from "../../../src/alerts/rules.ts";
import { alertHref } from "../../../src/http/admin/overview/alerts.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";
import { PASSWORDS, visitors } from "./browser.ts";

/** A value for each label that alerts have. */
const LABELS = { queue: "feeds", job: "calculate-matches/range", schedule: "verify-ledger" };

it("the page of each alert is there, with the label of the alert in its address", async () => {
  const world = await createWorld({ environment: PASSWORDS, timetable });
  const { viewer } = await visitors(await serve(world));
  const pages = ALERT_RULES.flatMap(({ name, page }) => (page === undefined ? [] : [{ name, ...page }]));
  expect(pages.map(({ name }) => name)).toContain("ScheduleForgotten");
  for (const { name, path } of pages) {
    const href = alertHref(path, LABELS);
    expect([name, href]).toEqual([name, expect.stringMatching(/^\/admin\/[^{}]+$/)]);
    expect([name, (await viewer.send("GET", href ?? "")).status]).toEqual([name, 200]);
  }
  expect(alertHref("/admin/jobs/{job}", LABELS)).toBe("/admin/jobs/calculate-matches");
  expect(alertHref("/admin/jobs/{job}", {})).toBeUndefined();
  expect(alertHref("/admin/jobs/{job}", { job: "../x?y" })).toBe("/admin/jobs/..%2Fx%3Fy");
});

it("a forgotten schedule leads to the button that resumes it, and to the command after that", async () => {
  const world = await createWorld({ environment: PASSWORDS, timetable });
  await world.query(
    "insert into schedules (name, through, paused_at) values ('verify-ledger', now(), now() - interval '2 days')",
  );
  const { admin, page } = await visitors(await serve(world));
  expect(await page("/admin")).toMatch(
    /<a href="\/admin\/schedules#verify-ledger">Resume it, if it was forgotten<\/a>\. On the command line: <code>commonwork schedules resume/,
  );
  const schedules = await (await admin.send("GET", "/admin/schedules")).text();
  expect(schedules).toContain('<span id="verify-ledger">');
  expect(schedules).toContain('aria-label="Resume this schedule verify-ledger"');
});

it("an alert about a process names it, and how bad it is", async () => {
  const world = await createWorld({ environment: PASSWORDS, timetable });
  await world.query(
    "insert into alert_counts values (date_trunc('minute', now()), 'EventLoopBlocked', 'worker-b 7', 4, 2800)",
  );
  const { page } = await visitors(await serve(world));
  const overview = await page("/admin");
  expect(overview).toMatch(/EventLoopBlocked<small>worker-b 7<\/small>.*?<td class="number">0\.7 s<\/td>/s);
});
