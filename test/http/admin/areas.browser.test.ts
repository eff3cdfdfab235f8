import { expect, test } from "vitest";
import { timetable } from "../../../src/schedules/timetable.ts";
import { oneChromium } from "../../support/chromium.ts";
import { eventually } from "../../support/eventually.ts";
import { AREAS, areasDay, computedDay, plantFeed, SCENE_MEDIA } from "./areas-scene.ts";
import { adminWorld, browser as client, PASSWORDS } from "./browser.ts";
import { faultsOf, MANY_PAGES_MS, signInWith, WIDE, withQuickPages } from "./look.ts";

// The pages of the areas with something on each, as dashboard.browser.test.ts looks at the others.

const openChromium = oneChromium();

/** E-mails with words that are longer than a phone is wide, from right to left, and in German. */
const EMAILS = ["hard-long-words", "hard-right-to-left", "hard-digest?language=de"].map(
  (sample) => `/emails/${sample}`,
);

/** A page with nothing on it, or that is not found, would have no fault either. */
async function expectFilled(address: string, paths: readonly string[]): Promise<void> {
  const { send } = await client(address, "viewer");
  for (const path of paths) {
    const answer = await send("GET", `/admin${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(await answer.text(), path).not.toContain('class="empty"');
  }
}

test("the pages of the areas have no fault, for the admin and for the viewer", {
  timeout: MANY_PAGES_MS,
}, async ({ skip }) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await adminWorld({ ...PASSWORDS, MEDIA_FOLDER: SCENE_MEDIA }, { timetable });
  const details = await areasDay(world);
  const computed = await computedDay(world);
  await expectFilled(address, computed);
  expect(await faultsOf(browser, address, [...AREAS, ...details, ...computed, ...EMAILS])).toEqual({});
});

test("a feed is not replaced while one of its files plays, and is afterwards", async ({ skip }) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await adminWorld({ ...PASSWORDS, MEDIA_FOLDER: SCENE_MEDIA });
  const { userId } = await plantFeed(world);
  const page = await (
    await signInWith(browser, address, { size: WIDE, colorScheme: "light", role: "viewer" })
  ).newPage();
  await withQuickPages(page, `/feeds/${userId}`);
  await page.goto(`${address}/admin/feeds/${userId}`);
  await page.evaluate(
    "(async () => { window.sound = document.querySelector('audio'); sound.loop = true; await sound.play(); })()",
  );
  const write = (body: string) => world.query("update posts set body = $1", [body]);
  const fetched = page.waitForResponse((response) => response.url().endsWith(`/feeds/${userId}`));
  await write("unseen while it plays");
  await (await fetched).finished();
  // The page replaces its parts after it has read the answer.
  await page.evaluate("new Promise((resolve) => setTimeout(resolve))");
  expect(await page.evaluate("[sound.isConnected, sound.paused]")).toEqual([true, false]);
  expect(await page.locator(".feed").textContent()).not.toContain("unseen while it plays");
  await page.evaluate("sound.pause()");
  await write("seen afterwards");
  await eventually(async () =>
    expect(await page.locator(".feed").textContent()).toContain("seen afterwards"),
  );
});
