import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll } from "vitest";

/** Where Debian, Ubuntu and Fedora install it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-software-rasterizer",
  "--in-process-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * One browser for the tests of a file, which open contexts of their own in it. Called at the top of the file.
 * @returns opens the browser, or says why there is none.
 */
export function oneChromium(): () => Promise<Browser | string> {
  let opening: Promise<Browser> | undefined;
  afterAll(async () => (await opening)?.close());
  return async () => {
    const executablePath = PLACES.find((place) => existsSync(place));
    if (executablePath === undefined) return "chromium is not installed";
    opening ??= chromium.launch({ executablePath, args: QUIET });
    return opening;
  };
}
