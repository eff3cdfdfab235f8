import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { carriesValues, databaseFault } from "./database-fault.ts";

export type Log = Logger;

export type LogOptions = {
  readonly level: string;
  readonly format: "json" | "text";
  /** The roles of the process, which precede each message in text. */
  readonly roles?: readonly string[];
  readonly destination?: DestinationStream;
  /** Fields of each line, such as the trace in which it is written. */
  readonly fields?: () => object;
};

/** Fields that are redacted at any depth. Log lines carry ids only; this catches violations of that rule. */
const SECRET_FIELDS = [
  "password",
  "secret",
  "token",
  "authorization",
  "cookie",
  "signature",
  "body",
  "html",
  "text",
  "email",
  "address",
  "to",
  "name",
  "payload",
  "params",
  "query",
];

const redact = {
  paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]),
  censor: "[redacted]",
};

/**
 * Keeps type, code and stack of an error. Messages of the database driver hold parameter values and are
 * dropped.
 */
function errorForLog(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    code,
    ...databaseFault(error),
    ...(carriesValues(error) ? {} : textOf(error)),
  };
}

/**
 * The message of a refused or lost connection is enough; its stack is inside Node. A name with several
 * addresses has an error for each, and no message of its own.
 */
function textOf(error: Error): object {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const message = error.message || first.message;
  return "syscall" in first ? { message } : { message, stack: error.stack };
}

/**
 * The logger of the process. `text` is for people at a terminal: one line a record, with its date and the
 * roles, except for the stack of an error. `json` is for everything else.
 */
export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: null,
    redact,
    serializers: { err: errorForLog, error: errorForLog },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    ...(options.fields === undefined ? {} : { mixin: options.fields }),
  };
  const destination = options.destination ?? process.stderr;
  if (options.format === "json") return pino(settings, destination);
  // Formatted line by line: the stream of pino-pretty would need a destination that is a stream as well.
  const readable = prettyFactory({
    colorize: options.destination === undefined && process.stderr.isTTY,
    ignore: "pid,hostname",
    singleLine: true,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    ...(options.roles?.length ? { messageFormat: `[${options.roles.join(",")}] {msg}` } : {}),
  });
  return pino(settings, { write: (line: string) => destination.write(readable(line)) });
}

/** A warning about a fault that can repeat many times a second. */
export type ThrottledWarning = {
  warn(error: unknown): void;
  /** Call it on every success: the first one after a logged warning is logged too. */
  recovered(): void;
};

const THROTTLE_MS = 60_000;

/**
 * Logs the first error, then at most one a minute, with the number of errors in between as `suppressed` and
 * how long it has failed as `seconds`.
 */
export function warnThrottled(
  log: Log,
  message: string,
  nowMs: () => number = () => performance.now(),
): ThrottledWarning {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  let failing = false;
  let failingSinceMs = 0;
  let suppressed = 0;
  const seconds = () => Math.round((nowMs() - failingSinceMs) / 1_000);
  return {
    warn(error) {
      if (nowMs() - loggedAtMs < THROTTLE_MS) {
        suppressed += 1;
        return;
      }
      if (!failing) failingSinceMs = nowMs();
      log.warn({ err: error, suppressed, seconds: seconds() }, message);
      loggedAtMs = nowMs();
      failing = true;
      suppressed = 0;
    },
    recovered() {
      if (!failing) return;
      failing = false;
      log.info({ suppressed, seconds: seconds() }, `recovered: ${message}`);
    },
  };
}
