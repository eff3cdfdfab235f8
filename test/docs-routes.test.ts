import { describe, expect, it } from "vitest";
import { HOST_EVENT_TYPES } from "../src/events/host-event-types.ts";
import { blocks, filesIn, read } from "./support/pages.ts";
import { appRoutes } from "./support/routes.ts";
import { createWorld } from "./support/world.ts";

// docs/api.md and docs/webhooks.md have every route of the app, every error code, and examples that are JSON.

const PAGES = ["docs/api.md", "docs/webhooks.md"];
const text = PAGES.map(read).join("\n");

describe("the documented routes", () => {
  const documented = [...text.matchAll(/^(?:### |\| )(?=`[A-Z]+ \/)(.*?)(?: \||$)/gm)].flatMap(
    ([, cell = ""]) => [...cell.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, route = ""]) => route),
  );

  it("are those of the app", async () => {
    const world = await createWorld({ environment: { ADMIN_PASSWORD: "open sesame, please" } });
    const routes = appRoutes(world);
    // Bull Board has routes of its own below this one.
    expect([...new Set(documented)].sort()).toEqual([...new Set([...routes, "GET /admin/queues"])].sort());
  });

  it("are documented once", () => {
    expect(documented).toHaveLength(new Set(documented).size);
    expect(documented.length).toBeGreaterThan(35);
  });
});

it("the documented types of events are those that a host may send", () => {
  const row = /^\| `event_type` \| (.*?)\. /m.exec(read("docs/webhooks.md"))?.[1] ?? "";
  const documented = [...row.matchAll(/`([a-z_.]+)`/g)].map(([, type = ""]) => type);
  expect(documented.sort()).toEqual([...HOST_EVENT_TYPES].sort());
});

describe("the documented error codes", () => {
  const table = read("docs/api.md").split("\n## Error codes\n")[1] ?? "";
  const documented = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = ""]) => code),
  );

  it("are those of the sources", () => {
    const sources = [...filesIn("src/http", ".ts"), "src/intake/referrals.ts"].map(read).join("\n");
    const codes = [
      ...sources.matchAll(/code: "([a-z-]+)"/g),
      ...sources.matchAll(/(?:validateBody\(.*|sendFaults\(res), "([a-z-]+)"/g),
      ...sources.matchAll(/refused\("([a-z-]+)"\)/g),
    ].map(([, code = ""]) => code);
    expect([...documented].sort()).toEqual([...new Set(codes)].sort());
  });
});

describe("the examples", () => {
  it.each(PAGES)("of %s are JSON", (page) => {
    const examples = blocks(read(page), "json");
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) expect(() => JSON.parse(example), example).not.toThrow();
  });
});
