import { expect, it } from "vitest";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";
import { browser, PASSWORDS, send } from "./browser.ts";

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
