import type { Response } from "express";

export type ErrorAnswer = {
  /** What programs look at; kebab-case. */
  readonly code: string;
  /** What people read: the fault, and what mends it. */
  readonly message: string;
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
};

/** Every refusal over HTTP has this shape: `{ error: { code, message, faults? } }`. */
export function refuse(res: Response, status: number, error: ErrorAnswer): void {
  res.status(status).json({ error });
}

/** The same for what may be tried again: 429 and 503 carry `Retry-After`, in whole seconds. */
export function refuseForNow(
  res: Response,
  status: 429 | 503,
  error: ErrorAnswer,
  retryAfterMs: number,
): void {
  res.set("Retry-After", String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  refuse(res, status, error);
}
