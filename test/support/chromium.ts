import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { onTestFinished } from "vitest";

/** Where Debian, Ubuntu and Fedora install it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A browser until the test ends, or why there is none. */
export async function openChromium(): Promise<Browser | string> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) return "chromium is not installed";
  const browser = await chromium.launch({ executablePath, args: QUIET });
  onTestFinished(() => browser.close());
  return browser;
}
