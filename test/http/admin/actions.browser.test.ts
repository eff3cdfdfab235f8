import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { timetable } from "../../../src/schedules/timetable.ts";
import { oneChromium } from "../../support/chromium.ts";
import { eventually } from "../../support/eventually.ts";
import { areasDay } from "./areas-scene.ts";
import { adminWorld, PASSWORDS } from "./browser.ts";
import { MANY_PAGES_MS, signInWith, WIDE } from "./look.ts";

// Every kind of action, with the keyboard alone. The tests of the pages see that Tab reaches the forms.

const openChromium = oneChromium();

/** Types into the field that has the focus, and goes on to the next. */
async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
  await page.keyboard.press("Tab");
}

/** Goes on with Tab until the button of this name has the focus, and presses it. */
async function press(page: Page, name: string): Promise<void> {
  for (let stops = 0; stops < 12; stops++) {
    if ((await page.evaluate("document.activeElement.textContent")) === name) break;
    await page.keyboard.press("Tab");
  }
  expect(await page.evaluate("document.activeElement.textContent")).toBe(name);
  const left = page.waitForEvent("framenavigated");
  await page.keyboard.press("Enter");
  await left;
  await page.waitForLoadState("load");
}

test("dead letters, waiting work, jobs, queues, schedules, sales and suppressions are acted on by keyboard", {
  timeout: MANY_PAGES_MS,
}, async ({ skip }) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await adminWorld(PASSWORDS, { timetable });
  await areasDay(world);
  const [sale] = await world.query<{ id: string }>(
    "select id from token_sales where status = 'applied' limit 1",
  );
  const [held] = await world.query<{ id: string }>(
    "select id from token_sales where status = 'held' limit 1",
  );
  const entry = async (job: string, queue: string, key: string, at: string): Promise<string> =>
    (
      await world.query<{ id: string }>(
        `insert into outbox (queue, job, key, payload, run_at, dead_at)
         values ($2, $1, $3, '{}', now() + interval '1 day', ${at}) returning id`,
        [job, queue, key],
      )
    )[0]!.id;
  const dead = [
    await entry("trending", "feeds", "1", "now()"),
    await entry("trending", "feeds", "2", "now()"),
    await entry("trending", "feeds", "3", "now()"),
  ];
  const later = [
    await entry("trending", "feeds", "4", "null"),
    await entry("trending", "feeds", "5", "null"),
    await entry("trending", "feeds", "6", "null"),
  ];
  const page = await (
    await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "admin" })
  ).newPage();
  /** Opens a page and puts the focus on the first field or button of a form. */
  const at = async (path: string, label: string): Promise<void> => {
    await page.goto(`${address}/admin${path}`);
    await page.getByLabel(label).first().focus();
  };

  await at("/dead-letters?job=trending", `Reason for entry ${dead[0]}`);
  await type(page, "the service is back");
  await press(page, "Retry");
  await at("/dead-letters?job=trending", `Reason for entry ${dead[1]}`);
  await type(page, "nobody needs it");
  await press(page, "Discard");

  await at("/work?state=dead&job=trending", "State");
  await page.getByRole("link", { name: "Retry", exact: true }).focus();
  await press(page, "Retry");
  await page.getByLabel("Reason").focus();
  await type(page, "all of them");
  await press(page, "Retry 1 entry");

  await page.goto(`${address}/admin/work/${later[0]}`);
  await page.getByRole("button", { name: "Run now" }).focus();
  await press(page, "Run now");
  await at(`/work/${later[1]}`, "Postpone by");
  await page.keyboard.press("ArrowDown");
  await press(page, "Postpone");
  await at(`/work/${later[2]}`, "Postpone by");
  await press(page, "Discard");

  for (const [path, what] of [
    ["/jobs/trending", "the job trending"],
    ["/queue/media", "all jobs of the queue media"],
  ] as const) {
    await at(path, "Pause for");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Tab");
    await type(page, "it is wrong");
    await press(page, `Pause ${what}`);
    await at(path, "Reason");
    await type(page, "it is right again");
    await press(page, `Resume ${what}`);
  }

  for (const name of ["Run now", "Pause this schedule", "Resume this schedule"]) {
    await at("/schedules", `${name} trending`);
    await press(page, name);
  }

  await at(`/sales/${held!.id}`, `Reason for sale ${held!.id}`);
  await type(page, "checked by hand");
  await press(page, "Release");
  await at(`/sales/${sale!.id}`, `Reason for sale ${sale!.id}`);
  await type(page, "sold twice");
  await press(page, "Reverse");

  await page.goto(`${address}/admin/suppressions`);
  await page.getByPlaceholder("Reason").first().focus();
  await type(page, "she asked for it");
  await press(page, "Lift");

  await page.goto(`${address}/admin/jobs/trending`);
  await page.getByRole("button", { name: "Dry run" }).focus();
  await press(page, "Dry run");
  await page.getByRole("button", { name: "Start the run" }).focus();
  await press(page, "Start the run");
  await page.waitForURL(/\/admin\/runs\/\d+$/);
  expect(await page.getByRole("status").first().textContent()).toMatch(/^The run \d+ is started\.$/);

  await world.drain();
  await eventually(async () =>
    expect(
      (
        await world.query<{ action: string }>(
          "select action from audit_log where actor = 'admin' and action <> 'admin.request' order by id",
        )
      ).map(({ action }) => action),
    ).toEqual(
      expect.arrayContaining([
        "dead-letters.retry",
        "dead-letters.discard",
        "work.run-now",
        "work.postpone",
        "work.discard",
        "jobs.pause",
        "jobs.resume",
        "queues.pause",
        "queues.resume",
        "schedules.run",
        "schedules.pause",
        "schedules.resume",
        "suppression.lift",
        "jobs.start",
        "commission.release",
        "sale.reverse",
      ]),
    ),
  );
  expect(
    await world.query("select key from outbox where key in ('1', '2', '3', '6') and dead_at is not null"),
  ).toEqual([]);

  await page.getByRole("button", { name: "Sign out" }).focus();
  await press(page, "Sign out");
  expect(page.url()).toBe(`${address}/admin/login`);
});
