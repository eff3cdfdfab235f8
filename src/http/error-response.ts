import type { Response } from "express";

export type ErrorAnswer = {
  /** For programs; kebab-case. */
  readonly code: string;
  /** For people: what is wrong and how to fix it. */
  readonly message: string;
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
};

/** Sends an error response. All have the body `{ error: { code, message, faults? } }`. */
export function refuse(res: Response, status: number, error: ErrorAnswer): void {
  res.status(status).json({ error });
}

/** Sends an error that may be retried: 429 and 503 carry `Retry-After`, in whole seconds. */
export function refuseForNow(
  res: Response,
  status: 429 | 503,
  error: ErrorAnswer,
  retryAfterMs: number,
): void {
  res.set("Retry-After", String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  refuse(res, status, error);
}
