import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { isUnstorable } from "../db/faults.ts";
import { resendAfterMs } from "../intake/retry-after.ts";
import type { Log } from "../log.ts";
import { sendError, sendRetryLater } from "./requests/error-response.ts";

/** The errors of the body parsers, by their `type`. */
const PARSER_ERRORS: Record<string, { status: number; code: string; message: string }> = {
  "entity.too.large": { status: 413, code: "too-large", message: "The body is too large." },
  "encoding.unsupported": {
    status: 415,
    code: "encoded",
    message: "Content-Encoding is not supported. Send the body uncompressed.",
  },
  "charset.unsupported": {
    status: 415,
    code: "charset",
    message: "Unsupported charset. Send the body in UTF-8.",
  },
  "entity.parse.failed": { status: 400, code: "not-json", message: "The body is not valid JSON." },
  "request.aborted": {
    status: 400,
    code: "aborted",
    message: "The connection closed before the whole body arrived.",
  },
  "request.size.invalid": {
    status: 400,
    code: "wrong-length",
    message: "The body length does not match Content-Length.",
  },
};

/** The fallback route. */
export const notFound: RequestHandler = (_req, res) => {
  sendError(res, 404, { code: "not-found", message: "Not found." });
};

/**
 * The error handler of the app. Client errors are explained; of server errors the response reveals nothing.
 * While Postgres is unreachable, stuck or read-only every route answers 503 with Retry-After.
 */
export function errorHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const { type, status } = (typeof error === "object" && error !== null ? error : {}) as {
      type?: unknown;
      status?: unknown;
    };
    const parserError = typeof type === "string" ? PARSER_ERRORS[type] : undefined;
    const clientError =
      parserError ??
      (typeof status === "number" && status >= 400 && status < 500 ? badRequest(status) : null) ??
      (isUnstorable(error) ? badRequest(400) : null);
    // The pattern of the route, not its path: that may hold the token of an unsubscribe link.
    const request = { err: error, method: req.method, routes: routesOf(req) };
    const retryMs = clientError === null ? resendAfterMs(error) : null;
    if (retryMs !== null) log.warn(request, "request refused: Postgres is unavailable");
    else if (clientError === null) log.error(request, "unexpected error in a request");
    if (res.headersSent) return next(error);
    if (clientError !== null)
      return sendError(res, clientError.status, { code: clientError.code, message: clientError.message });
    if (retryMs !== null) {
      const message =
        "Temporarily unavailable; nothing was changed. Try again after the time in Retry-After.";
      return sendRetryLater(res, 503, { code: "unavailable", message }, retryMs);
    }
    sendError(res, 500, { code: "internal", message: "Unexpected error. It was logged." });
  };
}

/** The patterns under which the route of a request was declared; none when no route was reached. */
const routesOf = (req: Request): string[] =>
  [req.route?.path ?? []].flat().map((path: string) => `${req.baseUrl}${path}`);

const badRequest = (status: number) => ({
  status,
  code: "bad-request",
  message: "The request is malformed.",
});
