import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { carriesValues, databaseFault } from "./database-fault.ts";

export type Log = Logger;

export type LogOptions = {
  readonly level: string;
  readonly format: "json" | "text";
  readonly destination?: DestinationStream;
};

/** Fields that are redacted at any depth. Log lines carry ids only; this catches what breaks that rule. */
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
    ...(carriesValues(error) ? {} : { message: error.message, stack: error.stack }),
  };
}

/** The logger of the process. `text` is for people at a terminal, `json` for everything else. */
export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: null,
    redact,
    serializers: { err: errorForLog, error: errorForLog },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const destination = options.destination ?? process.stderr;
  if (options.format === "json") return pino(settings, destination);
  // Formatted line by line: the stream of pino-pretty would need a destination that is a stream as well.
  const readable = prettyFactory({
    colorize: options.destination === undefined && process.stderr.isTTY,
    ignore: "pid,hostname",
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

/** Logs the first error, then at most one a minute, with the number of errors in between as `suppressed`. */
export function warnThrottled(
  log: Log,
  message: string,
  nowMs: () => number = () => performance.now(),
): ThrottledWarning {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  let failing = false;
  let suppressed = 0;
  return {
    warn(error) {
      if (nowMs() - loggedAtMs < THROTTLE_MS) {
        suppressed += 1;
        return;
      }
      log.warn({ err: error, suppressed }, message);
      loggedAtMs = nowMs();
      failing = true;
      suppressed = 0;
    },
    recovered() {
      if (!failing) return;
      failing = false;
      log.info({ suppressed }, `recovered: ${message}`);
    },
  };
}
