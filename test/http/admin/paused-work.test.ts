import { expect, it } from "vitest";
import { startRun } from "../../../src/queues/manual-runs.ts";
import { trending } from "../../../src/workers/feeds/trending.ts";
import { adminWorld, browser, postForm } from "./browser.ts";

it("the pages of a run and of an entry say that they wait because their job is paused, by whom and why", async () => {
  const { world, address } = await adminWorld();
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  const run = await world.relay.transact((tx) => startRun(tx, trending, {}));
  const [entry] = await world.enqueued(trending);
  const pages = async () =>
    Promise.all(
      [`runs/${run}`, `work/${entry?.id}`].map(async (path) =>
        (await viewer.send("GET", `/admin/${path}`)).text(),
      ),
    );
  for (const page of await pages()) expect(page).not.toContain("It waits:");
  await postForm(admin, "/admin/jobs/trending/pause", { by: "1 hour", reason: "too slow" });
  for (const page of await pages())
    expect(page).toMatch(
      /It waits: <a href="\/admin\/jobs\/trending">trending<\/a> is paused until <time[^>]+>[^<]+<\/time> by <a [^>]+>admin<\/a>: too slow/,
    );
});
