import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { eventually } from "../../support/eventually.ts";
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

/** How a page is looked at. The keyboard is tried once at each width: colors do not change where it leads. */
type Glance = Omit<Look, "role"> & { readonly byKeyboard: boolean };

/** The looks of a page, in the order in which it takes them after it was loaded once. */
const LOOKS = [
  { size: WIDE, colorScheme: "light", byKeyboard: true },
  { size: WIDE, colorScheme: "dark", byKeyboard: false },
  { size: PHONE, colorScheme: "dark", byKeyboard: false },
  { size: PHONE, colorScheme: "light", byKeyboard: true },
] as const satisfies readonly Glance[];
const [FIRST] = LOOKS;

/** For a page whose elements were seen already, with other texts. */
const ONCE: readonly Glance[] = [{ ...FIRST, byKeyboard: false }];

/** What is looked at: a page, or the answer to a form. */
export type View = {
  readonly name: string;
  open(page: Page): Promise<unknown>;
};

const pageAt = (address: string, path: string): View => ({
  name: path,
  open: (page) => page.goto(`${address}/admin${path}`, { waitUntil: "load" }),
});

/** The answer to a form, as a browser shows it. It is sent from a page, with the token of the session. */
export const answerTo = (
  address: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  from = "/jobs",
): View => ({
  name: `POST ${path} ${JSON.stringify(fields)}`,
  async open(page) {
    await page.goto(`${address}/admin${from}`, { waitUntil: "load" });
    const answered = page.waitForResponse((response) => response.request().method() === "POST");
    await page.evaluate(
      `(() => {
        const form = Object.assign(document.createElement("form"), { method: "post", action: ${JSON.stringify(`/admin${path}`)} });
        const token = document.querySelector("input[name=_csrf]").value;
        for (const [name, value] of Object.entries({ _csrf: token, ...${JSON.stringify(fields)} }))
          form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
        document.body.append(form);
        form.submit();
      })()`,
    );
    await answered;
    await page.waitForLoadState("load");
  },
});

/**
 * What is wrong with pages, by page. Each is loaded once and looked at on a wide window and on a phone, in
 * light and dark colors, with the rules of axe, and walked through by keyboard at both widths. As the viewer
 * all are loaded as well; those whose elements are the admin's are looked at once, as the keyboard and the
 * other looks would find the same.
 */
export async function faultsOf(
  browser: Browser,
  address: string,
  paths: readonly string[],
): Promise<Record<string, string[]>> {
  const views = (all: readonly string[]) => all.map((path) => pageAt(address, path));
  const differing = await pathsThatDiffer(address, paths);
  const alike = paths.filter((path) => !differing.includes(path));
  return {
    ...(await faultsOfViews(browser, address, "admin", views(paths))),
    ...(await faultsOfViews(browser, address, "viewer", views(differing))),
    ...(await faultsOfViews(browser, address, "viewer", views(alike), ONCE)),
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

/** The elements of a page with their classes and the names of their attributes, without texts and values. */
const elementsOf = (html: string): string => html.replace(/>[^<]+/g, ">").replace(/(?<! class)="[^"]*"/g, "");

/** The same for views of one role, or for nobody who has signed in. */
export async function faultsOfViews(
  browser: Browser,
  address: string,
  role: Role | null,
  views: readonly View[],
  looks: readonly Glance[] = LOOKS,
): Promise<Record<string, string[]>> {
  const context =
    role === null
      ? await openContext(browser, FIRST)
      : await signInWith(browser, address, { ...FIRST, role });
  const page = await context.newPage();
  await holdStill(page);
  let faults: string[] = [];
  reportTo((fault) => faults.push(fault), page, address);
  const found: Record<string, string[]> = {};
  for (const view of views) {
    faults = [];
    await show(page, FIRST);
    await view.open(page);
    for (const look of looks) faults.push(...(await faultsInLook(page, look)));
    if (faults.length > 0) found[`${role ?? "nobody"}: ${view.name}`] = faults;
    await keepPictures(page, role ?? "nobody", view, looks);
  }
  return found;
}

async function faultsInLook(page: Page, look: Glance): Promise<string[]> {
  await show(page, look);
  const faults = await faultsShown(page, look);
  if (look.byKeyboard) faults.push(...(await faultsByKeyboard(page)));
  return faults.map((fault) => `${look.size.width} px, ${look.colorScheme}: ${fault}`);
}

/** Without the stream, so that no part of a page is replaced while it is looked at. */
async function holdStill(page: Page): Promise<void> {
  await page.route("**/admin/stream*", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: "retry: 100000000\n\n" }),
  );
}

/**
 * As if the server had taken a millisecond for each page: a page is fetched anew the later the longer it
 * took, and a busy machine would make that minutes.
 */
export async function withQuickPages(page: Page, path: string): Promise<void> {
  await page.route(
    ({ pathname }) => pathname === `/admin${path}`,
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "server-timing": "page;dur=1" } });
    },
  );
}

const CHARTS_FIT =
  "[...document.querySelectorAll('.plot .uplot')].every((chart) => chart.clientWidth <= Math.max(200, chart.parentElement.clientWidth))";

async function show(page: Page, { size, colorScheme }: Omit<Look, "role">): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme });
  // Charts are drawn again for the new width, a moment later.
  await eventually(async () => expect(await page.evaluate(CHARTS_FIT)).toBe(true));
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

/**
 * Notes every element that gets the focus: which of the stops it is, whether its ring is shown, and whether
 * it is in the window. Repeated rows are left out.
 */
const BEGIN_WALK = `(() => {
  for (const row of document.querySelectorAll("[data-repeated]")) row.inert = true;
  const selector = "a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls], video[controls], [tabindex='0']";
  const stops = [...document.querySelectorAll(selector)].filter(
    (element) => !element.disabled && element.closest("[inert]") === null && element.checkVisibility({ visibilityProperty: true }),
  );
  const walk = { stops, reached: [] };
  window.walk = walk;
  document.activeElement?.blur();
  document.addEventListener("focusin", ({ target }) => {
    if (window.walk !== walk) return;
    const at = stops.indexOf(target);
    if (at === -1 || walk.reached.at(-1)?.at === at) return;
    const { outlineStyle, outlineWidth } = getComputedStyle(target);
    const { top, bottom } = target.getBoundingClientRect();
    const isRinged = target.matches(":focus-visible") && outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    walk.reached.push({ at, isRinged, isInWindow: bottom > 0 && top < innerHeight });
  });
  stops[0]?.focus();
  const inner = document.querySelectorAll("input[type=datetime-local], audio, video").length;
  return { stops: stops.length, most: stops.length + 12 * inner + 60 * document.querySelectorAll("iframe").length + 10 };
})()`;

const END_WALK = `(() => {
  const { stops, reached } = window.walk;
  window.walk = undefined;
  for (const row of document.querySelectorAll("[data-repeated]")) row.inert = false;
  const name = (at) => stops[at].outerHTML.slice(0, 120);
  const order = reached.map(({ at }) => at);
  const missed = stops.map((_, at) => at).find((at) => order[at] !== at);
  return [
    ...(missed === undefined ? [] : ["Tab does not reach in its turn: " + name(missed)]),
    ...reached.filter(({ isRinged }) => !isRinged).slice(0, 3).map(({ at }) => "the focus is not shown: " + name(at)),
    ...reached.filter(({ isInWindow }) => !isInWindow).slice(0, 3).map(({ at }) => "has the focus outside of the window: " + name(at)),
    ...(stops.length > 1 && document.activeElement === stops.at(-1) ? ["Tab does not leave: " + name(stops.length - 1)] : []),
  ];
})()`;

/** Presses Tab from the first element to the last, and once more. */
async function faultsByKeyboard(page: Page): Promise<string[]> {
  const { stops, most } = (await page.evaluate(BEGIN_WALK)) as { stops: number; most: number };
  const isAtEnd = async () => (await page.evaluate("window.walk.reached.at(-1)?.at")) === stops - 1;
  for (let pressed = 1; pressed <= most; pressed++) {
    if (pressed >= stops && (await isAtEnd())) break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Tab");
  return (await page.evaluate(END_WALK)) as string[];
}

/** Reports requests to other hosts, and what the console says. */
export function reportTo(report: (fault: string) => void, page: Page, address: string): void {
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
      report(`asks ${request.url()}`);
  });
  page.on("console", (message) => {
    // The browser reports the status of the page itself as an error.
    if (message.type() === "error" && !/status of (401|403|404|422|503)/.test(message.text()))
      report(message.text());
  });
  page.on("pageerror", (error) => report(String(error)));
}

/** The rules of axe that read colors. The others see the same page in dark as in light. */
const COLOR_RULES = ["color-contrast", "link-in-text-block"];

/** Preloading is off: only rules on style sheets and on autoplaying media use it. */
async function faultsShown(page: Page, { colorScheme }: Pick<Look, "colorScheme">): Promise<string[]> {
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  if (await page.evaluate("window.axe === undefined")) await page.evaluate(AXE);
  await page.evaluate(MARK_REPEATED);
  const options = {
    resultTypes: ["violations"],
    preload: false,
    ...(colorScheme === "dark" ? { runOnly: COLOR_RULES } : {}),
  };
  const { violations } = (await page.evaluate(
    `axe.run({ exclude: ["[data-repeated]"] }, ${JSON.stringify(options)})`,
  )) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return [
    ...(Number(overflow) > 0 ? [`is ${overflow} px wider than the window`] : []),
    ...violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0]?.html.slice(0, 300)}`),
  ];
}

/** Keeps pictures of a view in every look in the folder SCREENSHOTS, if that is set. */
async function keepPictures(
  page: Page,
  role: string,
  { name }: View,
  looks: readonly Glance[],
): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const file = name === "/" ? "overview" : name.replace(/\W+/g, "-").slice(0, 80);
  for (const look of looks) {
    await show(page, look);
    await page.screenshot({
      path: `${folder}/${file}-${look.size.width}-${look.colorScheme}-${role}.png`,
      fullPage: true,
    });
  }
}
