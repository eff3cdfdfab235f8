import type { RequestHandler } from "express";
import type { Metrics } from "../../metrics.ts";

/** Counts the requests that are answered 429, whichever limit they have reached, by group of routes. */
export const countLimited =
  ({ rateLimited }: Pick<Metrics, "rateLimited">): RequestHandler =>
  (req, res, next) => {
    const { path } = req;
    res.once("finish", () => {
      if (res.statusCode === 429) rateLimited.inc({ routes: routeGroup(path) });
    });
    next();
  };

/**
 * `api/search` for the routes of users, `webhooks/records`, `admin`. Only routes that exist are answered 429,
 * and each begins with fixed words, so the groups are few.
 */
function routeGroup(path: string): string {
  const segments = path
    .toLowerCase()
    .split("/")
    .filter((segment) => segment !== "");
  const webhooks = segments.indexOf("webhooks");
  if (webhooks >= 0) return `webhooks/${segments[webhooks + 1]}`;
  const [first = "", , ofUsers] = segments;
  return first === "api" ? `api/${ofUsers}` : first;
}
