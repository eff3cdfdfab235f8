import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { z } from "zod";
import { defineJob } from "../../../../src/queues/job.ts";
import { oneChromium } from "../../../support/chromium.ts";
import { eventually } from "../../../support/eventually.ts";
import { enqueueIn } from "../../../support/jobs.ts";
import type { World } from "../../../support/world.ts";
import { adminWorld, PASSWORDS } from "../browser.ts";
import { MANY_PAGES_MS, PHONE, reportTo, signInWith, WIDE } from "../look.ts";

// Bull Board in a real browser. Its pages are those of its authors: what is tried is that our policy lets
// them work, that they lead back, and that nobody is offered a change.

const openChromium = oneChromium();

const SECRET = "Ada Lovelace";

const failing = defineJob({
  name: "fail-always",
  queue: "multipliers",
  description: "Fails.",
  payload: z.object({ note: z.string() }),
  key: ({ note }) => note,
  run: async () => {
    throw new Error(`could not write to ${SECRET}`);
  },
});

/** A failed carrier, one that waits, and a scheduler. */
async function plantCarriers(world: World): Promise<void> {
  const queue = world.producers.queue("multipliers");
  const workers = await world.startWorkers();
  await enqueueIn(world, failing, { note: SECRET });
  await eventually(async () => expect(await queue.getJobCounts("failed")).toEqual({ failed: 1 }));
  await workers.stop(10_000);
  await world.relay.stop();
  await queue.add(
    "calculate-matches",
    { entries: ["4711"], to: SECRET },
    { priority: 1, jobId: "waiting-1" },
  );
  await queue.upsertJobScheduler(
    "nightly",
    { pattern: "0 2 * * *" },
    { name: "tick", data: { note: SECRET } },
  );
}

const MESSAGES = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve("@bull-board/ui/dist/static/locales/en-US/messages.json"),
    "utf8",
  ),
) as Record<"JOB" | "QUEUE", { ACTIONS: Record<string, unknown> }>;

/** The labels of whatever the board lets anybody change. */
const CHANGES = [MESSAGES.JOB, MESSAGES.QUEUE].flatMap(({ ACTIONS }) =>
  Object.values(ACTIONS).filter((label): label is string => typeof label === "string" && label !== ""),
);

/** What can be pressed on the page, by its name. */
const offered = (page: Page): Promise<string[]> =>
  page.evaluate(
    `[...document.querySelectorAll("button, [role=button], [role=menuitem], input[type=submit]")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => [element.textContent, element.title, element.getAttribute("aria-label")].join(" ").trim())`,
  ) as Promise<string[]>;

const PAGES = [
  ["", "multipliers"],
  ["/queue/multipliers?status=prioritized", "4711"],
  ["/queue/multipliers?status=failed", "fail-always"],
  ["/queue/multipliers/waiting-1", "4711"],
  ["/job-schedulers", "nightly"],
] as const;

for (const role of ["viewer", "admin"] as const)
  test(`Bull Board works for the ${role}, leads back, and offers no change`, {
    timeout: MANY_PAGES_MS,
  }, async ({ skip }) => {
    const browser = await openChromium();
    if (typeof browser === "string") return skip(browser);
    const { world, address } = await adminWorld(PASSWORDS, { jobs: [failing] });
    await plantCarriers(world);
    for (const size of [WIDE, PHONE]) {
      const page = await (await signInWith(browser, address, { size, colorScheme: "light", role })).newPage();
      const faults: string[] = [];
      reportTo((fault) => faults.push(fault), page, address);
      for (const [path, text] of PAGES) {
        await page.goto(`${address}/admin/queues${path}`, { waitUntil: "load" });
        await eventually(async () => expect(await page.locator("#root").textContent()).toContain(text));
        expect(await page.content()).not.toContain(SECRET);
        const names = await offered(page);
        expect([path, names.filter((name) => CHANGES.some((label) => name.includes(label)))]).toEqual([
          path,
          [],
        ]);
      }
      await page.getByRole("link", { name: "Back to the dashboard" }).click();
      await page.waitForURL(`${address}/admin`);
      expect(faults).toEqual([]);
    }
  });
