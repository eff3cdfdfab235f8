import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { DRY_RUN_LIMIT_MS } from "../../../src/http/admin/jobs/start.ts";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { oneChromium } from "../../support/chromium.ts";
import { eventually } from "../../support/eventually.ts";
import type { World } from "../../support/world.ts";
import { AREAS } from "./areas-scene.ts";
import { adminWorld, PASSWORDS } from "./browser.ts";
import { busyDay } from "./dashboard-scene.ts";
import {
  answerTo,
  faultsOf,
  faultsOfViews,
  MANY_PAGES_MS,
  openContext,
  PHONE,
  signInWith,
  type View,
  WIDE,
  withQuickPages,
} from "./look.ts";

// The pages in a real browser: at two widths, dark and light, by keyboard, without violations of axe, of the
// content policy, and without a request to another host. SCREENSHOTS=<folder> keeps pictures of all of them.

const openChromium = oneChromium();

const DETAILS = [
  "/queue/commissions?span=1+day",
  "/runs/1",
  "/runs/175",
  "/jobs/calculate-matches",
  "/jobs/distribute-commission",
  "/work/1",
  "/work/7",
  "/work?job=distribute-commission&state=dead",
  "/work?field=saleId",
  "/work/bulk?job=distribute-commission&action=retry",
  "/work/retries/1",
  "/nothing",
];
/** The pages of the areas are looked at by areas.browser.test.ts, where there is something on them. */
const PATHS = [...PAGES.map(({ path }) => path).filter((path) => !AREAS.includes(path)), ...DETAILS];

const scene = async (): Promise<{ world: World; address: string }> => {
  const { world, address } = await adminWorld(PASSWORDS, { timetable });
  await busyDay(world);
  return { world, address };
};

test("the pages have no fault, for the admin and for the viewer", { timeout: MANY_PAGES_MS }, async ({
  skip,
}) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { address } = await scene();
  expect(await faultsOf(browser, address, PATHS)).toEqual({});
});

test("the sign-in, answers to forms and pages of errors have no fault", { timeout: MANY_PAGES_MS }, async ({
  skip,
}) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await scene();
  const limit = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) =>
    ms === DRY_RUN_LIMIT_MS && isSlow
      ? AbortSignal.abort(new DOMException("too long", "TimeoutError"))
      : limit(ms),
  );
  let isSlow = false;
  const to = (path: string, fields: Record<string, string>, from?: string) =>
    answerTo(address, path, fields, from);
  const started = await faultsOfViews(browser, address, "admin", [
    to("/jobs/trending/dry-run", {}),
    to("/jobs/distribute-commission/dry-run", { "p.saleId": "7" }),
    to("/jobs/calculate-matches/dry-run", { "p.projectId": "nowhere" }),
    to("/work/7/retry", { reason: "" }, "/work/7"),
    to("/work/7/retry", { reason: "x", _csrf: "of another session" }),
  ]);
  isSlow = true;
  const slow = await faultsOfViews(browser, address, "admin", [to("/jobs/trending/dry-run", {})]);
  vi.spyOn(world.relay, "transact").mockRejectedValue(
    Object.assign(new Error("cannot execute in a read-only transaction"), { code: "25006" }),
  );
  const unavailable = await faultsOfViews(browser, address, "admin", [
    to("/work/7/retry", { reason: "x" }, "/work/7"),
  ]);
  const refused = await faultsOfViews(browser, address, "viewer", [to("/work/7/retry", { reason: "x" })]);
  const login: View = { name: "/login", open: (page) => page.goto(`${address}/admin/login`) };
  const wrong: View = {
    name: "a wrong password",
    async open(page) {
      await login.open(page);
      await page.getByLabel("Login").fill("admin");
      await page.getByLabel("Password").fill("a guess");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  };
  const signIn = await faultsOfViews(browser, address, null, [login, wrong]);
  expect({ ...started, ...slow, ...unavailable, ...refused, ...signIn }).toEqual({});
});

const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()") as Promise<string>;

const atHome = async (context: BrowserContext, address: string): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${address}/admin`);
  return page;
};

describe("by keyboard alone", () => {
  test("somebody signs in", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { address } = await adminWorld();
    const page = await (await openContext(browser, { size: PHONE, colorScheme: "light" })).newPage();
    await page.goto(`${address}/admin/login`);
    // A busy browser moves the focus there some time after the page was loaded.
    await eventually(async () => expect(await page.evaluate("document.activeElement.name")).toBe("login"));
    await page.keyboard.type("viewer");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORDS.VIEWER_PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${address}/admin`);
  });

  test("the skip link leads to the content, and the next stop is the navigation", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { address } = await scene();
    const page = await atHome(
      await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "viewer" }),
      address,
    );
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("main");
    await page.reload();
    const stops: string[] = [];
    for (let n = 0; n < 5; n++) {
      await page.keyboard.press("Tab");
      stops.push(await focused(page));
    }
    expect(stops).toEqual(["Skip to content", "Commonwork", "Sign out", "Overview", PAGES[1]?.title]);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${address}/admin${PAGES[1]?.path}`);
  });

  test("on a phone the navigation opens from its button and closes with Escape", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { address } = await scene();
    const page = await atHome(
      await signInWith(browser, address, { size: PHONE, colorScheme: "dark", role: "admin" }),
      address,
    );
    const isShown = () => page.isVisible("#navigation");
    expect(await isShown()).toBe(false);
    for (const key of ["Tab", "Tab"]) await page.keyboard.press(key);
    expect(await focused(page)).toBe("Menu");
    await page.keyboard.press("Enter");
    expect(await isShown()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await isShown()).toBe(false);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Overview");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${address}/admin${PAGES[1]?.path}`);
  });
});

/** The times of day in UTC at which the days begin in the picture of the week, to ten minutes. */
const midnightsOf = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const week = document.querySelector("svg.week");
    const { from, until, left, right } = week.dataset;
    return [...week.querySelectorAll(".days > g")].map((day) => {
      const share = (day.transform.baseVal[0].matrix.e - left) / (right - left);
      const at = Date.parse(from) + share * (Date.parse(until) - Date.parse(from));
      return new Date(Math.round(at / 600_000) * 600_000).toISOString().slice(11, 16);
    });
  })()`) as Promise<string[]>;

describe("the script", () => {
  test("shows times in the reader's zone, with UTC as the title, and in UTC on request", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { world, address } = await scene();
    await world.query("update job_runs set created_at = '2026-05-01T20:00:00Z' where id = 1");
    const context = await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "viewer" });
    const page = await context.newPage();
    await page.goto(`${address}/admin/runs/1`);
    const enqueued = page.locator("time[datetime='2026-05-01T20:00:00.000Z']").first();
    expect(await enqueued.textContent()).toBe("2026-05-02 01:30:00");
    expect(await enqueued.getAttribute("title")).toBe("2026-05-01 20:00:00Z");
    await page.click("[data-zone] button");
    expect(await enqueued.textContent()).toBe("2026-05-01 20:00:00Z");
    await page.reload();
    expect(await enqueued.textContent()).toBe("2026-05-01 20:00:00Z");
    await page.goto(`${address}/admin/schedules`);
    const mark = page.locator(".week [data-at]").first();
    const at = new Date((await mark.getAttribute("data-at")) ?? "");
    const inUtc = (when: Date) => when.toISOString().slice(0, 19).replace("T", " ");
    const inKolkata = inUtc(new Date(at.getTime() + 19_800_000));
    expect(await mark.locator("title").textContent()).toContain(`, ${inUtc(at)}Z (${inKolkata} Asia/`);
    expect(await midnightsOf(page)).toEqual(Array(7).fill("00:00"));
    await page.click("[data-zone] button");
    expect(await mark.locator("title").textContent()).toContain(`, ${inKolkata} (${inUtc(at)}Z)`);
    expect(await midnightsOf(page)).toEqual(Array(7).fill("18:30"));
  });

  test("lets times be entered in the reader's zone, and sends the instant", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { address } = await scene();
    const context = await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "viewer" });
    const page = await context.newPage();
    await page.goto(`${address}/admin/runs?until=2026-03-08+04:00`);
    expect(await page.getByLabel("Until").inputValue()).toBe("2026-03-08T09:30");
    await page.getByLabel("Opened from").fill("2026-03-08T07:30");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL((url) => url.searchParams.get("from") === "2026-03-08T02:00:00.000Z");
    expect(await page.getByLabel("Opened from").inputValue()).toBe("2026-03-08T07:30");
    await page.click("[data-zone] button");
    expect(await page.getByLabel("Opened from").inputValue()).toBe("2026-03-08T02:00");
  });

  test("draws charts, and replaces what has changed without a reload", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { world, address } = await scene();
    const page = await atHome(
      await signInWith(browser, address, { size: WIDE, colorScheme: "dark", role: "viewer" }),
      address,
    );
    expect(await page.locator(".chart canvas").count()).toBe(3);
    await page.evaluate("document.body.dataset.mark = 'the same page'");
    await world.query(
      "insert into job_runs (job, trigger, input, status, total, pending) values ('trending', 'manual', '{}', 'running', 4, 1)",
    );
    await eventually(async () =>
      expect(await page.locator("[data-region=running]").textContent()).toContain("75%"),
    );
    expect(await page.evaluate("document.body.dataset.mark")).toBe("the same page");
  });

  test("fetches a page anew when its table has changed, and keeps what somebody has typed and where they are", async ({
    skip,
  }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { world, address } = await scene();
    const page = await (
      await signInWith(browser, address, { size: PHONE, colorScheme: "light", role: "admin" })
    ).newPage();
    await withQuickPages(page, "/dead-letters");
    await page.goto(`${address}/admin/dead-letters?job=distribute-commission`);
    const list = page.locator("[data-region=letters]");
    const reason = list.getByPlaceholder("Reason").first();
    await reason.fill("half a reas");
    await reason.blur();
    await page.evaluate("document.body.dataset.mark = 'the same page'");
    const bury = (key: string) =>
      world.query(
        "insert into outbox (queue, job, key, payload, dead_at) values ('commissions', 'distribute-commission', $1, '{}', now())",
        [key],
      );
    const fetched = page.waitForResponse((response) => response.url().includes("/dead-letters"));
    await bury("unseen while somebody types");
    await (await fetched).finished();
    expect(await reason.inputValue()).toBe("half a reas");
    expect(await list.textContent()).not.toContain("unseen while somebody types");
    await reason.fill("");
    const wide = list.locator(".wide").last();
    await wide.evaluate((element) => {
      element.scrollLeft = 120;
      element.focus();
    });
    await bury("seen afterwards");
    await eventually(async () => expect(await list.textContent()).toContain("seen afterwards"));
    expect(await wide.evaluate((element) => [element.scrollLeft, element.matches(":focus")])).toEqual([
      120,
      true,
    ]);
    expect(await page.evaluate("document.body.dataset.mark")).toBe("the same page");
  });

  test("leaves a part alone in which somebody has the focus", async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { world, address } = await scene();
    const page = await atHome(
      await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "viewer" }),
      address,
    );
    const link = page.locator("[data-region=running] a").first();
    await link.focus();
    await world.query("delete from outbox where dead_at is not null");
    await eventually(async () =>
      expect(await page.locator("[data-region=tiles]").textContent()).toContain("Dead letters0"),
    );
    expect(
      await page.evaluate("document.querySelector('[data-region=running] a') === document.activeElement"),
    ).toBe(true);
  });
});
