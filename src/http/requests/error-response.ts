import type { Response } from "express";

export type ErrorBody = {
  /** For programs; kebab-case. */
  readonly code: string;
  /** For people: what is wrong and how to fix it. */
  readonly message: string;
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
};

/** Shows an error to a person, instead of the JSON for programs. */
export type ErrorPage = (res: Response, error: ErrorBody) => void;

/** From here on, errors of this request are shown by a page. */
export function showErrorsBy(res: Response, page: ErrorPage): void {
  (res.locals as { errorPage?: ErrorPage }).errorPage = page;
}

/**
 * Sends an error response. All have the body `{ error: { code, message, faults? } }`, except for requests
 * whose errors are shown as a page.
 */
export function sendError(res: Response, status: number, error: ErrorBody): void {
  const { errorPage } = res.locals as { errorPage?: ErrorPage };
  res.status(status);
  if (errorPage === undefined) res.json({ error });
  else errorPage(res, error);
}

/** Sends an error that may be retried: 429 and 503 carry `Retry-After`, in whole seconds. */
export function sendRetryLater(
  res: Response,
  status: 429 | 503,
  error: ErrorBody,
  retryAfterMs: number,
): void {
  res.set("Retry-After", String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  sendError(res, status, error);
}

/** Sends 429 for a rate limit. */
export const tooManyRequests = (res: Response, waitMs: number): void =>
  sendRetryLater(
    res,
    429,
    { code: "too-many-requests", message: "Too many requests. Retry after the time in Retry-After." },
    waitMs,
  );
