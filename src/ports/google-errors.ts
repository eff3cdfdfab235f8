import { CalendarBusy, CalendarMisconfigured, CalendarUnavailable, type RefusalReason } from "./calendar.ts";

/**
 * Classifies errors of Google's client: the user has to connect again, or the error is thrown and the job
 * retried.
 */
export type ErrorClass =
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "throw"; readonly error: Error };

/** The parts of a GaxiosError that are read. Its message and request may hold tokens and are never used. */
type Failure = {
  readonly status: number | null;
  /** `invalid_grant` of the token endpoint, `rateLimitExceeded` of the API. */
  readonly reason: string;
  readonly retryAfter: string | null;
};

/** Google also answers 403 for too many requests: only the reason distinguishes them. */
const BUSY = /LimitExceeded$|^quotaExceeded$/;

/** Faults that no user can fix: our OAuth client, our project, our webhook URL. */
const OURS = new Set([
  "invalid_client",
  "unauthorized_client",
  "accessNotConfigured",
  "SERVICE_DISABLED",
  "push.webhookUrlUnauthorized",
  "push.webhookUrlNotHttps",
]);

/** Classifies whatever a call of Google's client threw. */
export function classifyError(error: unknown): ErrorClass {
  const { status, reason, retryAfter } = readFailure(error);
  if (status === null || status >= 500)
    return thrown(
      new CalendarUnavailable(`the calendar provider ${status ? `answered ${status}` : "did not answer"}`),
    );
  if (status === 429 || (status === 403 && BUSY.test(reason)))
    return thrown(new CalendarBusy(status, readRetryAfter(retryAfter)));
  if (OURS.has(reason)) return thrown(misconfigured(status, reason));
  if (reason === "invalid_grant") return { kind: "refused", reason: "grant_revoked" };
  if (status === 401 || status === 403) return { kind: "refused", reason: "access_refused" };
  if (status === 404) return { kind: "refused", reason: "calendar_gone" };
  return thrown(misconfigured(status, reason));
}

const thrown = (error: Error): ErrorClass => ({ kind: "throw", error });

/** The reason is included only if it looks like one of Google's identifiers. */
const misconfigured = (status: number, reason: string): Error =>
  new CalendarMisconfigured(
    `the calendar provider refuses this deployment: ${status} ${/^[\w.]{1,60}$/.test(reason) ? reason : ""}`.trim(),
  );

/** The status and reason of an error that carries an HTTP response; otherwise a null status. */
export function readFailure(error: unknown): Failure {
  const { response } = (error ?? {}) as {
    response?: { status?: unknown; data?: unknown; headers?: unknown };
  };
  if (typeof response?.status !== "number") return { status: null, reason: "", retryAfter: null };
  const retryAfter = response.headers instanceof Headers ? response.headers.get("retry-after") : null;
  return { status: response.status, reason: readReason(response.data), retryAfter };
}

/**
 * The token endpoint answers `{ error: "invalid_grant" }`, the API `{ error: { errors: [{ reason }], status }
 * }`.
 */
function readReason(body: unknown): string {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { error?: unknown };
  if (typeof error === "string") return error;
  const { errors } = (error ?? {}) as { errors?: unknown };
  const [first] = Array.isArray(errors) ? (errors as { reason?: unknown }[]) : [];
  return typeof first?.reason === "string" ? first.reason : "";
}

/** Retry-After in milliseconds: HTTP allows whole seconds or a date. */
function readRetryAfter(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
