import { mkdirSync } from "node:fs";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
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
  // A machine that is busy draws a page in half a minute.
  context.setDefaultTimeout(120_000);
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

const SIZES = [
  { size: WIDE, colorSchemes: ["light", "dark"] },
  { size: PHONE, colorSchemes: ["dark", "light"] },
] as const;

/** The rules of axe that look at colors. The others find the same in dark and in light. */
const RULES_OF_COLORS = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };

/**
 * What is wrong with pages at both widths, dark and light, by page. A page is loaded once at each width, and
 * checked by all rules of axe in its first colors, then by those of colors.
 */
export async function faultsOf(
  browser: Browser,
  address: string,
  role: Role,
  paths: readonly string[],
): Promise<Record<string, string[]>> {
  const context = await signInWith(browser, address, { size: WIDE, colorScheme: "light", role });
  const page = await context.newPage();
  let faults: string[] = [];
  reportTo((fault) => faults.push(fault), page, address);
  const found: Record<string, string[]> = {};
  for (const path of paths) {
    faults = [];
    for (const { size, colorSchemes } of SIZES) {
      await page.setViewportSize(size);
      for (const [n, colorScheme] of colorSchemes.entries()) {
        await page.emulateMedia({ colorScheme });
        if (n === 0) await page.goto(`${address}/admin${path}`, { waitUntil: "load" });
        const look = `${size.width} px, ${colorScheme}`;
        faults.push(
          ...(await faultsShown(page, n === 0 ? {} : RULES_OF_COLORS)).map((one) => `${look}: ${one}`),
        );
        await keepPicture(page, { size, colorScheme, role }, path);
      }
    }
    if (faults.length > 0) found[path] = faults;
  }
  return found;
}

/** Reports requests to other hosts, and what the console says. */
function reportTo(report: (fault: string) => void, page: Page, address: string): void {
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
      report(`asks ${request.url()}`);
  });
  page.on("console", (message) => {
    // The browser reports the status of the page itself as an error.
    if (message.type() === "error" && !/status of (404|422)/.test(message.text())) report(message.text());
  });
  page.on("pageerror", (error) => report(String(error)));
}

async function faultsShown(page: Page, rules: object): Promise<string[]> {
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  await page.evaluate(`window.axe === undefined && (() => { ${axe.source} })()`);
  const { violations } = (await page.evaluate(
    `axe.run(${JSON.stringify({ ...rules, resultTypes: ["violations"] })})`,
  )) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return [
    ...(Number(overflow) > 0 ? [`is ${overflow} px wider than the window`] : []),
    ...violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0]?.html.slice(0, 300)}`),
  ];
}

/** Keeps a picture of the page in the folder SCREENSHOTS, if that is set. */
async function keepPicture(page: Page, { size, colorScheme, role }: Look, path: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  // Charts are drawn in the colors of the moment.
  await page.reload({ waitUntil: "load" });
  mkdirSync(folder, { recursive: true });
  const name = path === "/" ? "overview" : path.slice(1).replace(/\W+/g, "-");
  await page.screenshot({
    path: `${folder}/${name}-${size.width}-${colorScheme}-${role}.png`,
    fullPage: true,
  });
}
