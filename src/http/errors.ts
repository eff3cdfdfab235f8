import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Log } from "../log.ts";
import { refuse } from "./error-response.ts";

/** What the body parsers throw, by their `type`, in words for the sender. */
const UNREADABLE: Record<string, { status: number; code: string; message: string }> = {
  "entity.too.large": { status: 413, code: "too-large", message: "The body is too large." },
  "encoding.unsupported": {
    status: 415,
    code: "encoded",
    message: "Send the body as it is, without Content-Encoding.",
  },
  "charset.unsupported": { status: 415, code: "charset", message: "Send the body in UTF-8." },
  "entity.parse.failed": { status: 400, code: "not-json", message: "The body is not JSON." },
  "request.aborted": { status: 400, code: "aborted", message: "The request ended before its body." },
  "request.size.invalid": {
    status: 400,
    code: "wrong-length",
    message: "The body has not the length that was told.",
  },
};

/** The last route: nothing answered. */
export const notFound: RequestHandler = (_req, res) => {
  refuse(res, 404, { code: "not-found", message: "There is nothing here." });
};

/** The last word on every error. What the sender can mend is said; of ours nothing leaks but that there was one. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const { type, status } = (typeof error === "object" && error !== null ? error : {}) as {
      type?: unknown;
      status?: unknown;
    };
    const unreadable = typeof type === "string" ? UNREADABLE[type] : undefined;
    const theirs =
      unreadable ?? (typeof status === "number" && status >= 400 && status < 500 ? badRequest(status) : null);
    // Neither the query nor the body: a path carries ids alone.
    if (theirs === null) log.error({ err: error, method: req.method, path: req.path }, "a request failed");
    if (res.headersSent) return next(error);
    if (theirs !== null) return refuse(res, theirs.status, { code: theirs.code, message: theirs.message });
    refuse(res, 500, { code: "internal", message: "Something failed here. It is in the log." });
  };
}

const badRequest = (status: number) => ({
  status,
  code: "bad-request",
  message: "The request cannot be understood.",
});
