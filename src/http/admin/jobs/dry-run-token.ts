import { createHmac } from "node:crypto";
import { sameText } from "../../requests/same-text.ts";
import type { Session } from "../access/sessions.ts";
import type { Entered } from "./run-form.ts";

/** The hidden field of the form that starts a run after a dry run. */
export const DRY_RUN_FIELD = "dryRun";

/** How long the result of a dry run lets its reader start the run. */
export const VALID_MS = 60 * 60_000;

/** Whether the result was shown, or the dry run ended without one. */
export type DryRunOutcome = "shown" | "unknown";

/** A dry run that an operator has made: of which job, with which input. */
type DryRun = { readonly session: Session; readonly job: string; readonly entered: Pick<Entered, "given"> };

/**
 * Proves that a session has made a dry run of a job with an input, for any process: it is not stored. Nobody
 * can make one without the key of the session, which browsers do not have.
 */
export function dryRunToken(made: DryRun, outcome: DryRunOutcome, at: Date): string {
  const atMs = at.getTime();
  return `${outcome}.${atMs}.${signatureOf(made, outcome, atMs)}`;
}

const TOKEN = /^(shown|unknown)\.(\d{1,15})\.([\w-]{43})$/;

/**
 * The outcome of the dry run that a token proves. Null without a token, with one of another session, job or
 * input, and after an hour.
 */
export function readDryRunToken(token: unknown, made: DryRun, now: Date): DryRunOutcome | null {
  const [, outcome, at, signature] = TOKEN.exec(typeof token === "string" ? token : "") ?? [];
  if (outcome === undefined || signature === undefined) return null;
  const atMs = Number(at);
  if (now.getTime() - atMs > VALID_MS) return null;
  const expected = signatureOf(made, outcome as DryRunOutcome, atMs);
  return sameText(signature, expected) ? (outcome as DryRunOutcome) : null;
}

function signatureOf({ session, job, entered }: DryRun, outcome: DryRunOutcome, atMs: number): string {
  const signed = JSON.stringify([job, Object.entries(entered.given), outcome, atMs]);
  return createHmac("sha256", session.signingKey).update(signed).digest("base64url");
}
