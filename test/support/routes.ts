import type { IRouter } from "express";
import { createApp } from "../../src/http/app.ts";
import type { World } from "./world.ts";

type Layer = {
  /** Where a router is mounted. */
  readonly rawPath: string;
  readonly route?: { readonly path: string | string[]; readonly methods: Record<string, boolean> };
  readonly handle: { readonly stack?: Layer[] };
};

/**
 * `POST /webhooks/resend`, for each route. A route for all methods answers only to POST: the others are 405.
 */
function routesIn(layers: readonly Layer[], prefix = ""): string[] {
  return layers.flatMap((layer) => {
    const { route } = layer;
    if (route === undefined)
      return routesIn(layer.handle.stack ?? [], `${prefix}${layer.rawPath}`.replace(/\/$/, ""));
    const methods = Object.keys(route.methods).map((method) =>
      method === "_all" ? "POST" : method.toUpperCase(),
    );
    return [route.path].flat().flatMap((path) => methods.map((method) => `${method} ${prefix}${path}`));
  });
}

/** Every route of the app. */
export const appRoutes = (world: World): string[] =>
  routesIn((createApp(world).router as IRouter & { stack: Layer[] }).stack).map((route) =>
    route === "GET /admin/" ? "GET /admin" : route,
  );
