import type { Request, RequestHandler, Response } from "express";
import { resendAfterMs } from "../../intake/retry-after.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater, tooManyRequests } from "../requests/error-response.ts";
import { createWebhookLimits, type WebhookLimits } from "./limits.ts";
import { readBody, sendTooLarge, sendUnread } from "./read-body.ts";
import type { SignatureScheme, SignedBy } from "./signature-schemes.ts";

/** How a webhook call is rejected before it is parsed, for the counter. */
export type CallRejection = "limited" | "refused" | "unsigned" | "unavailable";

/** A route whose calls are signed with a shared secret. */
export type SignedRoute = {
  /** Its name in metrics, limits and the inbox. */
  readonly source: string;
  readonly secrets: readonly string[];
  /** The variable that holds the secrets. */
  readonly secretVariable: string;
  readonly scheme: SignatureScheme;
  readonly count: (rejection: CallRejection) => void;
};

/** A webhook whose calls are signed over their bytes. */
export type SignedWebhook = SignedRoute & {
  readonly maxBodyBytes: number;
  readonly contentType: "application/json" | "application/x-ndjson";
};

/** A webhook call with a valid signature. */
export type SignedCall = SignedBy & {
  readonly raw: Buffer;
  readonly receivedAt: Date;
  readonly startedMs: number;
};

/** The call of a request behind `requireSignature`. */
export const signedCallOf = (res: Response): SignedCall =>
  (res.locals as { signedCall: SignedCall }).signedCall;

/** Answers a call that Postgres could not take with 503. @throws any other error, after counting it. */
export function answerUnavailable(
  res: Response,
  error: unknown,
  count: (result: "unavailable") => void,
): void {
  const waitMs = resendAfterMs(error);
  count("unavailable");
  if (waitMs === null) throw error;
  const message =
    "Temporarily unavailable; nothing was stored. Send the same body again after the time in Retry-After.";
  sendRetryLater(res, 503, { code: "unavailable", message }, waitMs);
}

const NOT_CONFIGURED_RETRY_MS = 60_000;

/**
 * The checks of a webhook call, in order: method, configured secret, headers that can be a signature, length,
 * memory for the body, signature over the raw bytes, rate limits of the address and of the source, content
 * type. Without such headers the body is not kept. Must be mounted before any body parser.
 */
export function requireSignature(runtime: Runtime, webhook: SignedWebhook): RequestHandler[] {
  const limits = createWebhookLimits(runtime, webhook.source, () => webhook.count("limited"));
  return [
    onlyPost(webhook),
    requireSecret(runtime, webhook),
    readHeaders(webhook, limits),
    rejectLarge(webhook),
    readBody(webhook),
    verifySignature(runtime, webhook, limits),
    limits.address,
    limits.source,
    onlyType(webhook),
    ...(runtime.tracing.isOn ? [traceCall(runtime, webhook)] : []),
  ];
}

/** The checks of a signed call without a body, before it is handled. */
export function requireSignedGet(runtime: Runtime, route: SignedRoute): RequestHandler[] {
  const limits = createWebhookLimits(runtime, route.source, () => route.count("limited"));
  const verify: RequestHandler = (req, res, next) => {
    const isSigned = route.scheme.verifierOf(req)?.(Buffer.alloc(0)) ?? null;
    if (isSigned === null) return rejectUnsigned(route, limits, req, res);
    next();
  };
  return [requireSecret(runtime, route), verify, limits.address, limits.source];
}

function onlyPost({ count }: SignedWebhook): RequestHandler {
  return (req, res, next) => {
    if (req.method === "POST") return next();
    count("refused");
    res.set("Allow", "POST");
    sendError(res, 405, { code: "method-not-allowed", message: "Use POST." });
  };
}

/** Rejects every call while no secret is configured: unsigned calls are never accepted. */
function requireSecret(runtime: Runtime, webhook: SignedRoute): RequestHandler {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return (_req, res, next) => {
    if (webhook.secrets.length > 0) return next();
    if (performance.now() - loggedAtMs > NOT_CONFIGURED_RETRY_MS) {
      runtime.log.error(
        { source: webhook.source },
        `${webhook.secretVariable} is not set; webhook calls get 503`,
      );
      loggedAtMs = performance.now();
    }
    webhook.count("unavailable");
    const message = `The webhook is not configured: the operator must set ${webhook.secretVariable}.`;
    sendRetryLater(res, 503, { code: "not-configured", message }, NOT_CONFIGURED_RETRY_MS);
  };
}

/** Rejects a large Content-Length before the body is read; the parser would read it first. */
function rejectLarge({ maxBodyBytes, count }: SignedWebhook): RequestHandler {
  return (req, res, next) => {
    if (!(Number(req.headers["content-length"]) > maxBodyBytes)) return next();
    count("refused");
    sendUnread(res, () => sendTooLarge(res, maxBodyBytes));
  };
}

type Verifier = NonNullable<ReturnType<SignatureScheme["verifierOf"]>>;
type Locals = { verifier?: Verifier; signedCall?: SignedCall };

function readHeaders(webhook: SignedWebhook, limits: WebhookLimits): RequestHandler {
  return (req, res, next) => {
    const verifier = webhook.scheme.verifierOf(req);
    if (verifier === null) return rejectUnsigned(webhook, limits, req, res);
    (res.locals as Locals).verifier = verifier;
    next();
  };
}

function verifySignature(runtime: Runtime, webhook: SignedWebhook, limits: WebhookLimits): RequestHandler {
  return (req, res, next) => {
    const locals = res.locals as Locals;
    const raw = req.body as Buffer;
    const signed = locals.verifier?.(raw) ?? null;
    if (signed === null) return rejectUnsigned(webhook, limits, req, res);
    locals.signedCall = { ...signed, raw, receivedAt: runtime.clock.now(), startedMs: performance.now() };
    next();
  };
}

/** 401, or 429 for an address that has sent too many. */
async function rejectUnsigned(
  { count, scheme }: SignedRoute,
  limits: WebhookLimits,
  req: Request,
  res: Response,
): Promise<void> {
  count("unsigned");
  const waitMs = await limits.countUnsigned(req);
  if (waitMs > 0) tooManyRequests(res, waitMs);
  else sendError(res, 401, { code: "bad-signature", message: scheme.rule });
}

/**
 * Starts the span of a call, which ends with its response; what the call enqueues belongs to it. It continues
 * the trace of the sender, whose signature was verified.
 */
const traceCall =
  ({ tracing }: Runtime, { source }: SignedWebhook): RequestHandler =>
  (req, res, next) => {
    const span = {
      name: `webhook ${source}`,
      kind: "server",
      parent: req.get("traceparent") ?? null,
      attributes: { "http.request.method": req.method },
    } as const;
    void tracing.inSpan(span, async (opened) => {
      const closed = new Promise((resolve) => res.once("close", resolve));
      next();
      await closed;
      opened.set({ "http.response.status_code": res.statusCode });
    });
  };

/** JSON is UTF-8. With another charset the signed bytes would be decoded wrongly. */
const CHARSET = String.raw`\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?`;

function onlyType({ count, contentType }: SignedWebhook): RequestHandler {
  const form = new RegExp(`^\\s*${contentType}${CHARSET}$`, "i");
  return (req, res, next) => {
    if (form.test(req.headers["content-type"] ?? "")) return next();
    count("refused");
    sendError(res, 415, { code: "not-json", message: `Send Content-Type: ${contentType}.` });
  };
}
