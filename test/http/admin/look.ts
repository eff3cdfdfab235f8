import { mkdirSync } from "node:fs";
import axe from "axe-core";
import type { Browser, BrowserContext } from "playwright-core";
import { PASSWORDS } from "./browser.ts";

// How tests look at pages in a real browser.

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

type Role = "admin" | "viewer";
export type Look = {
  readonly size: typeof WIDE;
  readonly colorScheme: "dark" | "light";
  readonly role: Role;
};

/** Signs in with a browser of this look. */
export async function signInWith(
  browser: Browser,
  address: string,
  { size, colorScheme, role }: Look,
): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: size, colorScheme, timezoneId: "Asia/Kolkata" });
  const page = await context.newPage();
  await page.goto(`${address}/admin/login`);
  await page.fill("input[name=login]", role);
  await page.fill(
    "input[name=password]",
    role === "admin" ? PASSWORDS.ADMIN_PASSWORD : PASSWORDS.VIEWER_PASSWORD,
  );
  await page.click("button.main");
  await page.waitForURL(`${address}/admin`);
  await page.close();
  return context;
}

/** What is wrong with a page as it is shown. @param picture where a picture of it is kept. */
export async function faultsOf(
  context: BrowserContext,
  address: string,
  path: string,
  picture: string | null,
): Promise<string[]> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
      faults.push(`asks ${request.url()}`);
  });
  page.on("console", (message) => {
    // The browser reports the status of the page itself as an error.
    if (message.type() === "error" && !/status of (404|422)/.test(message.text()))
      faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(`${address}/admin${path}`, { waitUntil: "load" });
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  if (Number(overflow) > 0) faults.push(`is ${overflow} px wider than the window`);
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  for (const { id, nodes } of violations) faults.push(`axe ${id}: ${nodes[0]?.html.slice(0, 300)}`);
  if (picture !== null) await page.screenshot({ path: picture, fullPage: true });
  await page.close();
  return faults;
}

/** Where the picture of a page is kept: in the folder SCREENSHOTS; null without. */
export function pictureOf({ size, colorScheme, role }: Look, path: string): string | null {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return null;
  mkdirSync(folder, { recursive: true });
  const name = path === "/" ? "overview" : path.slice(1).replace(/\W+/g, "-");
  return `${folder}/${name}-${size.width}-${colorScheme}-${role}.png`;
}
