import { expect, test } from "vitest";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { openChromium } from "../../support/chromium.ts";
import { areasDay } from "./areas-scene.ts";
import { adminWorld, PASSWORDS } from "./browser.ts";
import { faultsOf, type Look, PHONE, pictureOf, signInWith, WIDE } from "./look.ts";

// The pages of the areas with something on each, as dashboard.browser.test.ts looks at the others.

const AREAS = PAGES.filter(({ section }) => section === "Areas" || section === "Records").map(
  ({ path }) => path,
);

test.for<[string, Look]>([
  ["1280 px, light, admin", { size: WIDE, colorScheme: "light", role: "admin" }],
  ["390 px, dark, viewer", { size: PHONE, colorScheme: "dark", role: "viewer" }],
])("the pages of the areas at %s have no fault", async ([, look], { skip }) => {
  const browser = await openChromium();
  if (typeof browser === "string") return skip(browser);
  const { world, address } = await adminWorld(PASSWORDS, { timetable });
  const details = await areasDay(world);
  const context = await signInWith(browser, address, look);
  const faults: Record<string, string[]> = {};
  for (const path of [...AREAS, ...details]) {
    const found = await faultsOf(context, address, path, pictureOf(look, path));
    if (found.length > 0) faults[path] = found;
  }
  expect(faults).toEqual({});
});
