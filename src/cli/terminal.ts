import { userInfo } from "node:os";
import { printableLines } from "../printable.ts";

/** The input and output of a command: the real terminal, or one that a test inspects. */
export type Terminal = {
  readonly environment: NodeJS.ProcessEnv;
  /** Writes to standard output: the result, as text or with --json as JSON. */
  write(text: string): void;
  /** Writes to standard error: errors, warnings, hints. */
  writeError(text: string): void;
  /** True when standard output is a terminal: progress bars and questions are allowed. */
  readonly interactive: boolean;
  /** Aborts on SIGINT and SIGTERM. The handlers are installed by the first call. */
  interrupted(): AbortSignal;
  /** The exit code of the program. */
  exitCode: number;
};

/** An error the user can act on: printed as one message without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
}

/** The terminal, or the pipes, this program was started with. */
export function ownTerminal(environment: NodeJS.ProcessEnv): Terminal {
  let interrupted: AbortSignal | undefined;
  // `commonwork jobs | head -1` closes the pipe early, which is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    environment,
    write: (text) => void process.stdout.write(printableLines(text)),
    writeError: (text) => void process.stderr.write(printableLines(text)),
    interactive: process.stdout.isTTY === true,
    interrupted() {
      interrupted ??= abortAtSignal();
      return interrupted;
    },
    exitCode: 0,
  };
}

/** The first signal aborts; the second one exits at once. */
function abortAtSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

/** The actor of audit rows written by the CLI: `cli:` and the user name of the operating system. */
export function operator(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // In a container the user may be a number without a name.
    return `cli:uid-${process.getuid?.() ?? "unknown"}`;
  }
}
