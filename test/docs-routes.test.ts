import type { IRouter } from "express";
import { describe, expect, it } from "vitest";
import { HOST_EVENT_TYPES } from "../src/events/host-event-types.ts";
import { createApp } from "../src/http/app.ts";
import { blocks, filesIn, read } from "./support/pages.ts";
import { createWorld } from "./support/world.ts";

// docs/api.md and docs/webhooks.md have every route of the app, every error code, and examples that are JSON.

const PAGES = ["docs/api.md", "docs/webhooks.md"];
const text = PAGES.map(read).join("\n");

type Layer = {
  /** Where a router is mounted. */
  readonly rawPath: string;
  readonly route?: { readonly path: string | string[]; readonly methods: Record<string, boolean> };
  readonly handle: { readonly stack?: Layer[] };
};

/**
 * `POST /webhooks/resend`, for each route. A route for all methods answers only to POST: the others are 405.
 */
function routesOf(layers: readonly Layer[], prefix = ""): string[] {
  return layers.flatMap((layer) => {
    const { route } = layer;
    if (route === undefined)
      return routesOf(layer.handle.stack ?? [], `${prefix}${layer.rawPath}`.replace(/\/$/, ""));
    const methods = Object.keys(route.methods).map((method) =>
      method === "_all" ? "POST" : method.toUpperCase(),
    );
    return [route.path].flat().flatMap((path) => methods.map((method) => `${method} ${prefix}${path}`));
  });
}

describe("the documented routes", () => {
  const documented = [...text.matchAll(/^(?:### |\| )(?=`[A-Z]+ \/)(.*?)(?: \||$)/gm)].flatMap(
    ([, cell = ""]) => [...cell.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, route = ""]) => route),
  );

  it("are those of the app", async () => {
    const world = await createWorld({ environment: { ADMIN_PASSWORD: "open sesame, please" } });
    const app = createApp(world);
    const routes = routesOf((app.router as IRouter & { stack: Layer[] }).stack).map((route) =>
      route === "GET /admin/" ? "GET /admin" : route,
    );
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
