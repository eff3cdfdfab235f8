import { CalendarBusy, CalendarMisconfigured, CalendarUnavailable, type RefusalReason } from "./calendar.ts";

/** What an error of Google's client means: the user has to act, or it is thrown for a later try. */
export type Verdict =
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "throw"; readonly error: Error };

/** What is read of a GaxiosError; its message and its request may hold tokens and are never looked at. */
type Failure = {
  readonly status: number | null;
  /** `invalid_grant` of the token endpoint, `rateLimitExceeded` of the API. */
  readonly reason: string;
  readonly retryAfter: string | null;
};

/** Google answers 403 for too many requests as well; only the reason tells. */
const BUSY = /LimitExceeded$|^quotaExceeded$/;

/** What no user can mend: our OAuth client, our project, the address of our webhook. */
const OURS = new Set([
  "invalid_client",
  "unauthorized_client",
  "accessNotConfigured",
  "SERVICE_DISABLED",
  "push.webhookUrlUnauthorized",
  "push.webhookUrlNotHttps",
]);

export function verdictOn(error: unknown): Verdict {
  const { status, reason, retryAfter } = failureIn(error);
  if (status === null || status >= 500)
    return later(
      new CalendarUnavailable(`the calendar provider ${status ? `answered ${status}` : "did not answer"}`),
    );
  if (status === 429 || (status === 403 && BUSY.test(reason)))
    return later(new CalendarBusy(status, waitIn(retryAfter)));
  if (OURS.has(reason)) return later(misconfigured(status, reason));
  if (reason === "invalid_grant") return { kind: "refused", reason: "grant_revoked" };
  if (status === 401 || status === 403) return { kind: "refused", reason: "access_refused" };
  if (status === 404) return { kind: "refused", reason: "calendar_gone" };
  return later(misconfigured(status, reason));
}

const later = (error: Error): Verdict => ({ kind: "throw", error });

/** The reason is one of Google's words; anything else is not repeated. */
const misconfigured = (status: number, reason: string): Error =>
  new CalendarMisconfigured(
    `the calendar provider refuses this deployment: ${status} ${/^[\w.]{1,60}$/.test(reason) ? reason : ""}`.trim(),
  );

/** The status and reason of what was thrown, if it is an answer at all. */
export function failureIn(error: unknown): Failure {
  const { response } = (error ?? {}) as {
    response?: { status?: unknown; data?: unknown; headers?: unknown };
  };
  if (typeof response?.status !== "number") return { status: null, reason: "", retryAfter: null };
  const retryAfter = response.headers instanceof Headers ? response.headers.get("retry-after") : null;
  return { status: response.status, reason: reasonIn(response.data), retryAfter };
}

/** The token endpoint says `{ error: "invalid_grant" }`, the API `{ error: { errors: [{ reason }], status } }`. */
function reasonIn(body: unknown): string {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { error?: unknown };
  if (typeof error === "string") return error;
  const { errors } = (error ?? {}) as { errors?: unknown };
  const [first] = Array.isArray(errors) ? (errors as { reason?: unknown }[]) : [];
  return typeof first?.reason === "string" ? first.reason : "";
}

/** Whole seconds or a date, as HTTP has it. */
function waitIn(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
