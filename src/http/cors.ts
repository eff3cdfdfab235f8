import type { RequestHandler } from "express";

const METHODS = "GET, POST, PUT, DELETE";
const HEADERS = "Authorization, Content-Type, Last-Event-ID";
/** Browsers repeat a preflight after this time. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of these origins call the API. Never with credentials: requests are authenticated by their
 * Authorization header, not by cookies. Other origins get no headers, so the browser blocks them.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  return (req, res, next) => {
    const { origin } = req.headers;
    if (allowed.size > 0) res.vary("Origin");
    if (origin === undefined || !allowed.has(origin)) return next();
    res.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After" });
    if (req.method !== "OPTIONS") return next();
    res.set({
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": HEADERS,
      "Access-Control-Max-Age": String(MAX_AGE_SECONDS),
    });
    res.status(204).end();
  };
}
