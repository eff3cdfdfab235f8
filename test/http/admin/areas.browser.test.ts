import { expect, test } from "vitest";
import { timetable } from "../../../src/schedules/timetable.ts";
import { oneChromium } from "../../support/chromium.ts";
import { AREAS, areasDay } from "./areas-scene.ts";
import { adminWorld, PASSWORDS } from "./browser.ts";
import { faultsOf, MANY_PAGES_MS } from "./look.ts";

// The pages of the areas with something on each, as dashboard.browser.test.ts looks at the others.

const openChromium = oneChromium();

/** E-mails with words that are longer than a phone is wide, from right to left, and in German. */
const EMAILS = ["hard-long-words", "hard-right-to-left", "hard-digest?language=de"].map(
  (sample) => `/emails/${sample}`,
);

test("the pages of the areas have no fault, for the admin and for the viewer", {
  timeout: MANY_PAGES_MS,
}, async ({ skip }) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await adminWorld(PASSWORDS, { timetable });
  const details = await areasDay(world);
  expect(await faultsOf(browser, address, [...AREAS, ...details, ...EMAILS])).toEqual({});
});
