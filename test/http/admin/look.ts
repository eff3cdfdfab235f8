import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { browser as client } from "./browser.ts";

// How tests look at pages in a real browser.

const require = createRequire(import.meta.url);

/** The minified form: a browser parses it for every page. */
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

type Role = "admin" | "viewer";
export type Look = {
  readonly size: typeof WIDE;
  readonly colorScheme: "dark" | "light";
  readonly role: Role;
};

/** A test that looks at dozens of pages has more time: a busy machine draws a page in ten seconds. */
export const MANY_PAGES_MS = 1_200_000;

/** Opens a browser of this look, until the test ends. */
export async function openContext(
  browser: Browser,
  { size, colorScheme }: Omit<Look, "role">,
): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: size, colorScheme, timezoneId: "Asia/Kolkata" });
  // A machine that is busy draws a page in half a minute.
  context.setDefaultTimeout(120_000);
  onTestFinished(() => context.close());
  return context;
}

/**
 * A browser of this look with a session, until the test ends. The session is opened without the form, whose
 * two pages would be drawn for every test; one test signs in by the form.
 */
export async function signInWith(
  browser: Browser,
  address: string,
  { role, ...look }: Look,
): Promise<BrowserContext> {
  const context = await openContext(browser, look);
  const { cookies } = await client(address, role);
  await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url: address })));
  return context;
}

/** The looks of a page. The first of each width is the one in which it is laid out and checked. */
const LOOKS = [
  { size: WIDE, colorScheme: "light" },
  { size: WIDE, colorScheme: "dark" },
  { size: PHONE, colorScheme: "dark" },
  { size: PHONE, colorScheme: "light" },
] as const;
const [FIRST, , SECOND] = LOOKS;

/**
 * The rules of axe that may find something else on a phone and in dark: the colors, which are the same
 * variables at both widths, and what is scrolled or hidden there. The others see the same elements in every
 * look.
 */
const RULES_OF_LOOKS = {
  runOnly: {
    type: "rule",
    values: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "aria-hidden-focus"],
  },
};

/**
 * What is wrong with pages, by page. Each is loaded once and checked by all rules of axe on a wide window in
 * light colors, then by those that depend on the look on a phone in dark ones. As the viewer only those pages
 * are looked at whose elements differ from the admin's.
 */
export async function faultsOf(
  browser: Browser,
  address: string,
  paths: readonly string[],
): Promise<Record<string, string[]>> {
  const differing = await pathsThatDiffer(address, paths);
  return {
    ...(await faultsOfRole(browser, address, "admin", paths)),
    ...(await faultsOfRole(browser, address, "viewer", differing)),
  };
}

/** The pages that have other elements for the viewer than for the admin. */
async function pathsThatDiffer(address: string, paths: readonly string[]): Promise<string[]> {
  const [admin, viewer] = [await client(address, "admin"), await client(address, "viewer")];
  const differing: string[] = [];
  for (const path of paths) {
    const [first, second] = await Promise.all(
      [admin, viewer].map(async ({ send }) => elementsOf(await (await send("GET", `/admin${path}`)).text())),
    );
    if (first !== second) differing.push(path);
  }
  return differing;
}

/** The elements of a page with the names of their attributes, without texts and values. */
const elementsOf = (html: string): string => html.replace(/>[^<]+/g, ">").replace(/="[^"]*"/g, "");

async function faultsOfRole(
  browser: Browser,
  address: string,
  role: Role,
  paths: readonly string[],
): Promise<Record<string, string[]>> {
  const context = await signInWith(browser, address, { ...FIRST, role });
  const page = await context.newPage();
  let faults: string[] = [];
  reportTo((fault) => faults.push(fault), page, address);
  const found: Record<string, string[]> = {};
  for (const path of paths) {
    faults = [];
    await show(page, FIRST);
    await page.goto(`${address}/admin${path}`, { waitUntil: "load" });
    faults.push(...(await faultsShown(page, {})).map((fault) => `1280 px, light: ${fault}`));
    await show(page, SECOND);
    // Charts are drawn for the width at which they were loaded.
    if ((await page.locator("[data-chart]").count()) > 0) await page.reload({ waitUntil: "load" });
    faults.push(...(await faultsShown(page, RULES_OF_LOOKS)).map((fault) => `390 px, dark: ${fault}`));
    if (faults.length > 0) found[`${role}: ${path}`] = faults;
    await keepPictures(page, role, path);
  }
  return found;
}

async function show(page: Page, { size, colorScheme }: Omit<Look, "role">): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme });
}

/**
 * Marks the rows and items that axe passes over: those with the elements, attributes and classes of two
 * others in their table, list or choice. They can have no other fault than these, and axe would spend most
 * of its time on them. A cell without text, or an attribute without a value, makes another kind.
 */
const MARK_REPEATED = `for (const list of document.querySelectorAll("tbody, ul, ol, select")) {
  const seen = new Map();
  for (const row of list.children) {
    const kind = row.outerHTML.replace(/>\\s*[^<\\s][^<]*/g, ">text").replace(/ (?!class=)([\\w-]+)="[^"]+"/g, " $1");
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    row.toggleAttribute("data-repeated", seen.get(kind) > 2);
  }
}`;

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

/** Preloading is off: only rules on style sheets and on autoplaying media use it. */
async function faultsShown(page: Page, rules: object): Promise<string[]> {
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  if (await page.evaluate("window.axe === undefined")) await page.evaluate(AXE);
  await page.evaluate(MARK_REPEATED);
  const { violations } = (await page.evaluate(
    `axe.run({ exclude: ["[data-repeated]"] }, ${JSON.stringify({ ...rules, resultTypes: ["violations"], preload: false })})`,
  )) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return [
    ...(Number(overflow) > 0 ? [`is ${overflow} px wider than the window`] : []),
    ...violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0]?.html.slice(0, 300)}`),
  ];
}

/** Keeps pictures of the page in every look in the folder SCREENSHOTS, if that is set. */
async function keepPictures(page: Page, role: Role, path: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const name = path === "/" ? "overview" : path.slice(1).replace(/\W+/g, "-");
  for (const look of LOOKS) {
    await show(page, look);
    // Charts are drawn in the colors of the moment.
    await page.reload({ waitUntil: "load" });
    await page.screenshot({
      path: `${folder}/${name}-${look.size.width}-${look.colorScheme}-${role}.png`,
      fullPage: true,
    });
  }
}
