import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { carriesValues, databaseFault } from "./db/faults.ts";

export type Log = Logger;

export type LogOptions = {
  readonly level: string;
  readonly format: "json" | "text";
  readonly destination?: DestinationStream;
};

/**
 * Fields that are never written, wherever they stand. Lines carry ids; this is the net below that rule.
 */
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

/** A line keeps what says where an error came from; messages of the database driver hold parameter values and are dropped. */
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

/** The one logger of the program. `text` is for people at a terminal, `json` for everything else. */
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
  // Not as a stream of its own, which would need a destination that is one.
  const readable = prettyFactory({
    colorize: options.destination === undefined && process.stderr.isTTY,
    ignore: "pid,hostname",
  });
  return pino(settings, { write: (line: string) => destination.write(readable(line)) });
}
