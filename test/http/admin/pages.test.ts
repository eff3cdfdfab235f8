import { expect, it } from "vitest";
import { MAX_TABLES } from "../../../src/http/admin/live-stream.ts";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { user } from "../../support/platform.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";
import { browser, PASSWORDS, send, visitors } from "./browser.ts";

it("opens every page of the dashboard for both roles while there is nothing to show, and for nobody else", async () => {
  const world = await createWorld({ at: "2026-03-09T02:00:00Z", environment: PASSWORDS });
  const address = await serve(world);
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  for (const { path, title } of PAGES) {
    for (const user of [admin, viewer]) {
      const answer = await user.send("GET", `/admin${path}`, { headers: { Accept: "text/html" } });
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain(`aria-current="page">${title.replace("'", "&#39;")}</a>`);
    }
    expect((await send(address, "GET", `/admin${path}`)).status).toBe(401);
  }
});

it("each live page follows tables that exist, and has a part that can be replaced", async () => {
  const world = await createWorld({ at: "2026-03-09T02:00:00Z", environment: PASSWORDS });
  const { page } = await visitors(await serve(world));
  const person = `/people/${await user(world)}`;
  const parts = ["rewards", "matches", "recommendations", "pairs"].map((part) => `${person}/${part}`);
  const details = [person, ...parts, "/people/nobody", "/feeds/nobody", "/notifications/why?user=nobody"];
  const followed = new Map<string, readonly string[]>();
  for (const path of [...PAGES.map((one) => one.path), ...details]) {
    const shown = await page(`/admin${path}`);
    const [, query = ""] = /data-stream="\/admin\/stream\?([^"]*)"/.exec(shown) ?? [];
    const tables = new URLSearchParams(query.replaceAll("&amp;", "&")).getAll("of");
    if (tables.length === 0) continue;
    followed.set(path, tables);
    expect([path, shown.match(/data-region="(?!outage|aside)/g)?.length]).not.toEqual([path, undefined]);
    expect([path, tables.length <= MAX_TABLES]).toEqual([path, true]);
  }
  const named = [...new Set([...followed.values()].flat())];
  const known = await world.query<{ name: string }>(
    "select name from unnest($1::text[]) as name where to_regclass(name) is not null",
    [named],
  );
  expect(known.map(({ name }) => name)).toEqual(named);
  expect([...followed.keys()]).toEqual(
    expect.arrayContaining(["/suppressions", "/feeds", person, ...parts, "/feeds/nobody"]),
  );
});
